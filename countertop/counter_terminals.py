"""The card terminals a simulated counter may have, and what a store must know to reach one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from attrs import frozen

from actors.world import SystemWorld
from hardware.carrier import TcpCarrier
from hardware.settings import DeviceSettings
from hardware.terminal.played import Played
from hardware.terminal.zvt.fake import TerminalFake

Speaks = Literal["zvt", "nexo", "nexo-websocket"]
AUTHORITY_FILE = "terminal-authority.pem"
_POI_ID = "V400m-324688179"
_PASSPHRASE_BYTES = 12
_WORDS = {
    "address": "What the store calls it",
    "kind": "What it is",
    "protocol": "What it speaks",
    "transport": "Where it is",
    "serial": "Its own number",
    "password": "What it wants to hear at log-on",
    "carrier": "What carries its messages",
    "key_identifier": "The name of the key both share",
    "key_version": "The version of that key",
    "passphrase": "The passphrase of that key",
    "authority_file": "The certificate that vouches for it",
    "is_test": "It is one for trials",
}
_NEXO_ONLY = ("carrier", "key_identifier", "key_version", "passphrase", "authority_file", "is_test")
_ZVT_ONLY = ("password",)


@frozen
class Stand:
    """A terminal, and how a device of that address reaches it once it runs."""

    terminal: Played
    reached: Callable[[str], DeviceSettings]


def stand(speaks: Speaks, folder: Path) -> Stand:
    """A terminal a person plays. Nothing listens yet; what vouches for it is kept in `folder`."""
    if speaks == "zvt":
        return _zvt()
    return _nexo(folder, "https" if speaks == "nexo" else "websocket")


def _zvt() -> Stand:
    fake = TerminalFake(TcpCarrier(), operator=True)

    def reached(address: str) -> DeviceSettings:
        return DeviceSettings(
            address, "terminal", fake.carrier.url, protocol="zvt", serial=f"{fake.terminal_id:08}"
        )

    return Stand(fake, reached)


def _nexo(folder: Path, carrier: str) -> Stand:
    # What speaks TLS takes its time to import, and the usual demo has none.
    from hardware.terminal.nexo.crypto import SecurityKey
    from hardware.terminal.nexo.fake import NexoFake
    from hardware.terminal.nexo.outlet import TcpOutlet
    from hardware.terminal.nexo.papers import new_authority
    from hardware.terminal.nexo.profile import Carrier

    world = SystemWorld()
    now = datetime.fromtimestamp(world.now_ns() // 10**9, UTC)
    authority = new_authority(now)
    file = folder.absolute() / AUTHORITY_FILE
    file.write_text(authority.pem, "ascii")
    key = SecurityKey("counter", 1, world.random_bytes(_PASSPHRASE_BYTES).hex())
    papers = authority.vouch(f"{_POI_ID}.test.terminal.adyen.com", now)
    outlet = TcpOutlet()
    fake = NexoFake(
        outlet,
        papers.server(),
        key,
        poi_id=_POI_ID,
        operator=True,
        carrier=Carrier(carrier),
        world=world,
    )

    def reached(address: str) -> DeviceSettings:
        return DeviceSettings(
            address,
            "terminal",
            f"tcp://{outlet.host}:{outlet.port}",
            protocol="nexo",
            serial=fake.poi_id,
            key_identifier=key.identifier,
            key_version=key.version,
            passphrase=key.passphrase,
            authority_file=str(file),
            is_test=True,
            carrier=carrier,
        )

    return Stand(fake, reached)


def in_words(settings: DeviceSettings) -> list[tuple[str, str]]:
    """What a store's configuration says of a terminal, in words and as a line of the file."""
    others = _ZVT_ONLY if settings.protocol == "nexo" else _NEXO_ONLY
    return [
        (words, f"{name} = {_toml(getattr(settings, name))}")
        for name, words in _WORDS.items()
        if name not in others
    ]


def _toml(value: Any) -> str:
    # Texts, whole numbers and truths are written alike in TOML and JSON.
    return json.dumps(value)
