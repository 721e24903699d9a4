"""Where a running store can be entered, in a file of its run directory, for programs beside it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from attrs import frozen

from actors.checkpoints import write_durably
from actors.errors import ToldError
from engine.wire import WireError, canonical, parse, structure, unstructure

NAME = "doors.json"


class DoorsFileError(ToldError):
    """The file is not what a store leaves there, such as one made by hand with a wrong address."""

    exit_code = 2


@frozen
class OpenDoors:
    """Addresses of the doors; `nng` and `hints` are empty where that door is closed."""

    http: str
    websocket: str
    nng: str
    hints: str

    def __attrs_post_init__(self) -> None:
        """Each address of the web is one: a scheme, a host, and a port that there is."""
        for name, scheme in (("http", "http"), ("websocket", "ws")):
            if not _is_web_address(getattr(self, name), scheme):
                raise ValueError(f"{name} must be an address such as {scheme}://127.0.0.1:8170/")


def _is_web_address(url: str, scheme: str) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme == scheme and bool(host) and port != 0 and "@" not in parts.netloc


def write_doors(run_dir: Path, doors: OpenDoors) -> None:
    """Say where the store can be entered."""
    write_durably(run_dir / NAME, canonical(unstructure(doors)))


def read_doors(run_dir: Path) -> OpenDoors | None:
    """Where the store can be entered; None where none was started there.

    Raises:
        DoorsFileError: the file does not say it.
        OSError: it cannot be read.
    """
    path = run_dir / NAME
    try:
        return structure(parse(path.read_bytes()), OpenDoors)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except WireError as error:
        raise DoorsFileError(
            f"{path} does not say where a store can be entered ({error}). Nothing was done. "
            "Start the store anew, which writes that file, or correct it."
        ) from None


def remove_doors(run_dir: Path) -> None:
    """The store is closing."""
    (run_dir / NAME).unlink(missing_ok=True)
