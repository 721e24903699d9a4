"""Whose certificate is shown at a place: is it a nexo terminal, and which one?

Nothing is said to it. What it does with the key of the shop, it is asked once it is paired.
"""

from __future__ import annotations

import re
import ssl
import warnings

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from actors.terminal_messages import Probed
from engine.terminals import TerminalProtocol
from hardware.terminal.nexo.client import LinkError, secured_at
from hardware.terminal.nexo.identity import anybody, context
from hardware.terminal.nexo.secured import hang_up
from hardware.transport import TcpPlace

# As in `identity`.
_NAME = re.compile(r"([a-z0-9]+-[a-z0-9]+)\.(live|test)\.terminal\.adyen\.com", re.IGNORECASE)

# What the reader of certificates raises beside ValueError; TypeError where a name is no text.
_UNREADABLE = (
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


async def probe(place: TcpPlace, authority_pem: str, *, is_test: bool) -> Probed:
    """Who shows a certificate there. One that the authority does not vouch for, or that is there
    for another purpose than `is_test` says, is told with the reason; what is no certificate vouches
    for nobody. Who calls it bounds the time."""
    code = "vouched"
    try:
        certificate = await _shown(place, context(authority_pem))
    except (LinkError, ValueError) as error:
        code = error.code if isinstance(error, LinkError) else "certificate_unknown"
        if not code.startswith("certificate_"):
            return Probed(code)
        try:
            certificate = await _shown(place, anybody())
        except LinkError:
            return Probed(code)
    for match in filter(None, map(_NAME.fullmatch, names_shown(certificate))):
        serial, purpose = match.groups()
        if code == "vouched" and (purpose.lower() == "test") is not is_test:
            code = "other_purpose"
        transport = f"tcp://{place.host}:{place.port}"
        return Probed(code, serial, transport, TerminalProtocol.NEXO, code == "vouched")
    return Probed("no_terminal")


async def _shown(place: TcpPlace, tls: ssl.SSLContext) -> bytes:
    secured = await secured_at(place, tls)
    certificate = secured.shown
    await hang_up(secured)
    return certificate


def names_shown(der: bytes) -> list[str]:
    """Every name a certificate is made out to; none where it cannot be read, for whoever is at a
    place may show anything, and OpenSSL takes what this reader does not."""
    with warnings.catch_warnings():
        # Of a serial number below one, say: it is not this shop's to mend.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            certificate = x509.load_der_x509_certificate(der)
            common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            return [*(str(one.value) for one in common), *_alternative(certificate)]
        except (ValueError, *_UNREADABLE):
            return []


def _alternative(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return names.value.get_values_for_type(x509.DNSName)
