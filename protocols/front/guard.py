"""Which web pages may speak to the store: the Host and the Origin of every request are judged.

A page of another site that is open in the same browser can reach 127.0.0.1. Its requests carry its
own Origin; and a name it re-pointed at 127.0.0.1 stands in Host. Both are refused before anything
is read.

Source: RFC 6454 (Origin), RFC 6455 section 10.2, W3C Fetch Metadata.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

Headers = Iterable[tuple[bytes, bytes]]


@define(eq=False)
class Guard:
    """The hosts, as `name` or `name:port` in lower case, under which this store is known.

    Without `hosts` the store is known by no name at all: `allow_port` adds the local ones once the
    port is known.
    """

    hosts: set[str] = field(factory=set)

    def allow_port(self, port: int) -> None:
        """The store listens at this port of this machine."""
        self.hosts |= {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        if port == 80:
            self.hosts |= {"127.0.0.1", "localhost", "[::1]"}

    def objection(self, headers: Headers) -> str:
        """Why a request is not taken; "" where it may go on."""
        hosts = _all(headers, b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return "this address is not one of the store's; open the one it printed at its start"
        origins = _all(headers, b"origin")
        if len(origins) > 1 or (origins and not self._is_ours(origins[0])):
            return "pages of other sites may not speak to this store"
        elsewhere = {"cross-site", "same-site"} & set(_all(headers, b"sec-fetch-site"))
        # A link from elsewhere may open a page here; it may not fetch anything.
        if elsewhere and _all(headers, b"sec-fetch-mode") != ["navigate"]:
            return "pages of other sites may not read from this store"
        return ""

    def _is_ours(self, origin: str) -> bool:
        scheme, separator, host = origin.lower().partition("://")
        return separator != "" and scheme in ("http", "https") and host in self.hosts


def _all(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key.lower() == name]
