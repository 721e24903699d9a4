"""Whether the thing at an address is the shop's terminal, by its certificate.

Source: Adyen Terminal API, protect local communications, read 2026-11: a terminal's certificate is
made out to `<model>-<serial>.<live|test>.terminal.adyen.com`.
"""

from __future__ import annotations

import ssl
from typing import Any

from hardware.terminal.nexo.profile import Profile

# What OpenSSL calls a signature by another, and a chain that ends with nobody.
_EXPIRED, _NOT_YET, _UNVOUCHED = 10, 9, (7, 18, 19, 20, 21)


def context(authority_pem: str) -> ssl.SSLContext:
    """What a terminal is held against: the authority that was given, and no other.

    Raises:
        ValueError: `authority_pem` is no certificate.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # The name is that of the terminal and not of its address; `is_other` compares it.
    made.check_hostname = False
    made.verify_mode = ssl.CERT_REQUIRED
    # A terminal's own certificate may be given in place of the one that vouches for all.
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        made.load_verify_locations(cadata=authority_pem)
    except (ssl.SSLError, ValueError) as error:
        raise ValueError(f"authority_pem is no certificate ({error})") from None
    return made


def anybody() -> ssl.SSLContext:
    """What everything holds against: for whoever reads no more than the name that is shown."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def names_in(certificate: dict[str, Any] | None) -> list[str]:
    """Every name a checked certificate is made out to."""
    told = certificate or {}
    names = [
        value for part in told.get("subject", ()) for key, value in part if key == "commonName"
    ]
    return names + [value for key, value in told.get("subjectAltName", ()) if key == "DNS"]


def is_other(certificate: dict[str, Any] | None, profile: Profile) -> bool:
    """Whether it is made out to another terminal, or to a test one where that is not allowed."""
    expected = profile.certificate_name.lower()
    return expected not in [name.lower() for name in names_in(certificate)]


def refusal(error: BaseException | None) -> str:
    """A stable word for why a connection was not secured."""
    if isinstance(error, ssl.SSLCertVerificationError):
        match error.verify_code:
            case code if code == _EXPIRED:
                return "certificate_expired"
            case code if code == _NOT_YET:
                return "certificate_not_yet_valid"
            case code if code in _UNVOUCHED:
                return "certificate_unknown"
        return "certificate_refused"
    return "not_secured" if isinstance(error, ssl.SSLError) else "link_lost"


WORDS = {
    "certificate_expired": "the terminal's certificate has run out; have it renewed",
    "certificate_not_yet_valid": "the terminal's certificate is not valid yet; check this clock",
    "certificate_unknown": "nobody the shop trusts vouches for this terminal; check authority_pem",
    "certificate_refused": "the terminal's certificate was refused; have it renewed",
    "not_secured": "the terminal does not speak TLS as it should; check address and port",
    "no_websocket": "the terminal opens no WebSocket; set its carrier to https, or check its path",
    "other_terminal": "another terminal answers at this address; check which one is plugged in",
    "seal_broken": "what the terminal says is sealed with another passphrase; check the key",
    "key_identifier_other": "the terminal uses another key; check its identifier",
    "key_version_other": "the terminal uses another version of the key; check the version",
    "not_sealed": "the terminal does not seal what it says; enter the shared key alike at the "
    "terminal and in the store's configuration: identifier, version and passphrase",
    "http_400": "the terminal cannot read what it is asked; most often it has another shared key: "
    "compare identifier, version and passphrase there and in the store's configuration",
    "header_differs": "what the terminal says was tampered with; look who is on this network",
}
