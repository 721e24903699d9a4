"""Ports and paths of one store server, from TOML. Money settings are journaled facts, not here."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from actors.errors import ToldError
from engine.wire import WireError, structure
from hardware.settings import DeviceSettings, NexoShop, require_apart
from protocols.provider.settings import ProviderSettings, require_distinct

DEFAULT_HTTP_PORT = 8170
NODES = ("devices", "integrations")
NAMES_FILES = ("authority_file", "token_file", "secret_file")
ANCHORED = ("store", *NODES)  # who keeps an anchor of the journal on this machine
SOCKETS = ("front.ipc", "hints.ipc", "link.ipc")
PORT_MAX = 65_535
RESERVE_MIB_MAX = 1_024  # thousands of open orders end in a few dozen
SOCKET_PATH_BYTES_MAX = 107  # Linux: sun_path of unix(7) less its final zero


class ConfigError(ToldError, ValueError):
    """The configuration cannot be used. Nothing was started; the message says what to change."""


@frozen
class DoorsConfig:
    """Where front ends enter. All on this machine unless enrolment opens the network."""

    http_port: int = DEFAULT_HTTP_PORT
    nng: bool = True

    def __attrs_post_init__(self) -> None:
        """The port is one that there is; 0 lets the system choose."""
        if not 0 <= self.http_port <= PORT_MAX:
            raise ConfigError(f"http_port must be from 0 to {PORT_MAX}, not {self.http_port}")


@frozen
class Config:
    """One store server. `data_dir` holds everything that must survive.

    `anchor_dir` is where its nodes keep their anchors: best on another disk, so that they outlive
    a data directory that is put back whole. `nexo` is what all nexo terminals share that are paired
    at the register; without it none is looked for.
    """

    data_dir: str
    store_id: str = "store"
    one_process: bool = False
    doors: DoorsConfig = DoorsConfig()
    devices: tuple[DeviceSettings, ...] = ()
    reserve_mib: int = 64
    anchor_dir: str = ""
    providers: tuple[ProviderSettings, ...] = ()
    nexo: NexoShop | None = None

    def __attrs_post_init__(self) -> None:
        """No two devices share an address or a cable, and no two providers an address; what is
        kept free on the disk for open orders is no less than nothing, and no disk is filled."""
        if not 0 <= self.reserve_mib <= RESERVE_MIB_MAX:
            raise ConfigError(
                f"reserve_mib must be from 0 to {RESERVE_MIB_MAX}, not {self.reserve_mib}: that "
                "much of the disk is taken at once, for open orders to be finished when it is full"
            )
        require_apart(self.devices)
        require_distinct(self.providers)

    @property
    def data(self) -> Path:
        """The data directory."""
        return Path(self.data_dir)

    @property
    def run_dir(self) -> Path:
        """Where sockets lie; private to this user."""
        return self.data / "run"

    @property
    def journal_path(self) -> Path:
        """The journal's database."""
        return self.data / "journal.db"

    @property
    def anchors(self) -> Path:
        """Where the anchors of this machine's nodes lie."""
        return Path(self.anchor_dir) if self.anchor_dir else self.data / "anchors"

    @property
    def device_files(self) -> Path:
        """Where the devices node keeps what must outlive it."""
        return self.data / "devices"

    @property
    def nng_url(self) -> str:
        """The front-end door over nng."""
        return f"ipc://{self.run_dir / 'front.ipc'}"

    @property
    def hint_url(self) -> str:
        """Where (epoch, position) is published."""
        return f"ipc://{self.run_dir / 'hints.ipc'}"

    @property
    def link_url(self) -> str:
        """Where the devices and integrations nodes link to the store node."""
        if self.one_process:
            return f"inproc://countertop-{self.store_id}-{abs(hash(self.data_dir))}"
        return f"ipc://{self.run_dir / 'link.ipc'}"


def require_short_paths(config: Config) -> None:
    """Check that sockets fit below the run directory.

    Raises:
        ConfigError: they do not; the system allows them 107 bytes.
    """
    longest = max(len(str(config.run_dir / name).encode()) for name in SOCKETS)
    if longest > SOCKET_PATH_BYTES_MAX:
        raise ConfigError(
            f"The path {config.data} is too long: a socket below it would have {longest} bytes of "
            f"at most {SOCKET_PATH_BYTES_MAX}. Nothing was started; choose a shorter directory."
        )


def load(path: Path) -> Config:
    """Read a configuration file; files it names without their folder are beside it.

    Raises:
        ConfigError: no such file, not TOML, or a field is wrong; names the field.
    """
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"There is no configuration at {path}. Nothing was started.") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply. Nothing was started.") from None
    except ValueError as error:  # not TOML, not UTF-8, or a number of thousands of digits
        raise ConfigError(f"{path} is not TOML: {error}. Nothing was started.") from None
    data.setdefault("data_dir", str(path.parent / "data"))
    _find_files(data, path.absolute().parent)
    return from_data(data, str(path))


def _find_files(data: dict[str, Any], folder: Path) -> None:
    """A store that starts by itself starts in another folder than who tried it by hand."""
    for name in ("devices", "nexo", "providers"):
        found = data.get(name, [])
        for table in found if isinstance(found, list) else [found]:
            for key in NAMES_FILES if isinstance(table, dict) else ():
                if isinstance(file := table.get(key), str) and file:
                    table[key] = str(folder / file)


def from_data(data: dict[str, Any], origin: str) -> Config:
    """A configuration from plain data.

    Raises:
        ConfigError: a field is missing, unknown or of the wrong kind.
    """
    try:
        return structure(data, Config)
    except (WireError, ValueError) as error:
        raise ConfigError(f"{origin}: {error}. Nothing was started; correct it.") from None


def to_data(config: Config) -> dict[str, Any]:
    """Plain data that `from_data` reads back; handed to child processes."""
    return attrs.asdict(config)
