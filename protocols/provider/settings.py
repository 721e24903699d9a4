"""What a shop says about one payment provider, checked before anything is asked of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from attrs import frozen

from protocols.provider import limits

_ADDRESS = re.compile(r"provider/[a-z0-9-]{1,32}")


class ProviderSettingsError(ValueError):
    """A provider is described wrongly; it was not started. The message says what to change."""


@frozen
class ProviderSettings:
    """One provider. `address` is `provider/name`, `url` where its interface begins.

    `token_file` holds what it knows this shop by, `secret_file` the keys that its callbacks are
    signed with, one a line; neither is ever journaled or logged. `authority_file` is the
    certificate that vouches for it, empty where those of this machine do. `callback_url` is where
    it calls the shop; empty where it cannot, and then it is asked.
    """

    address: str
    url: str
    token_file: str
    secret_file: str
    authority_file: str = ""
    callback_url: str = ""

    def __attrs_post_init__(self) -> None:
        """Check the fields."""
        where = self.address or "a provider"
        if not _ADDRESS.fullmatch(self.address):
            raise ProviderSettingsError(f"{where} was not started: write provider/name")
        if not is_url(self.url, ("https",)):
            raise ProviderSettingsError(f"{where} was not started: its url is https://…")
        if self.callback_url and not is_url(self.callback_url, ("https", "http")):
            raise ProviderSettingsError(f"{where} was not started: its callback_url is no address")
        if not self.token_file or not self.secret_file:
            raise ProviderSettingsError(
                f"{where} was not started: token_file and secret_file name files"
            )


def is_url(text: str, schemes: tuple[str, ...]) -> bool:
    """Whether text is an address that may be opened: short, plain, of one of the schemes."""
    if not 0 < len(text) <= limits.URL_LENGTH_MAX or not text.isascii() or not text.isprintable():
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    plain = "@" not in parts.netloc and not any(sign in text for sign in " \"'<>\\")
    return parts.scheme in schemes and bool(parts.hostname) and plain


def require_distinct(providers: Iterable[ProviderSettings]) -> None:
    """Check that no two have one address.

    Raises:
        ProviderSettingsError: two have.
    """
    seen: set[str] = set()
    for provider in providers:
        if provider.address in seen:
            raise ProviderSettingsError(f"{provider.address} was not started: it is there twice")
        seen.add(provider.address)
