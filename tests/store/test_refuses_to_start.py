"""A server that cannot keep its promises does not start, says why, and leaves the files alone."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from actors.checkpoints import SigningKeyError
from actors.world import SystemWorld
from countertop.config import Config, ConfigError, from_data, load, to_data
from countertop.store import open_store
from engine.wire import canonical, parse
from hardware.settings import NexoShop
from tests.store.harness import open_shop, own_config
from tests.warm import run


def _toml(folder: Path, port: int, **texts: str) -> Path:
    path = folder / "store.toml"
    lines = [f'data_dir = "{folder / "data"}"', 'store_id = "shop-1"', "reserve_mib = 0"]
    lines += [f"{key} = {value}" for key, value in texts.items()]
    path.write_text("\n".join([*lines, "[doors]", f"http_port = {port}"]) + "\n")
    return path


def _serve(path: Path) -> subprocess.CompletedProcess[str]:
    """`countertop serve`, which is expected to end by itself."""
    return run("serve", path, timeout_s=30)


@contextlib.contextmanager
def _taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_in_use_is_named(folder: Path) -> None:
    """The message has the port and what to do; the exit code is not success."""
    with _taken_port() as port:
        done = _serve(_toml(folder, port))
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert "already in use" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_second_server_is_refused_and_told_who_holds_the_journal(folder: Path) -> None:
    """Two writers never meet: the second names the process of the first and ends."""
    async with open_shop(folder) as shop:
        done = await shop.world.in_thread(_serve, _toml(folder, 0))
        assert done.returncode == 1
        assert f"process {os.getpid()}" in done.stderr
        assert "This server was not started" in done.stderr
        await shop.sell()


async def _sold(folder: Path, sales: int) -> Path:
    async with open_shop(folder) as shop:
        for _ in range(sales):
            await shop.sell("bread", "milk", "wine")
    return folder / "data" / "journal.db"


async def test_a_changed_record_is_named_and_the_file_kept(folder: Path) -> None:
    """A flipped byte in a record stops the start, with the record's position."""
    journal = await _sold(folder, 5)
    data = bytearray(journal.read_bytes())
    at = data.rindex(b'"name":"order.completed/1"')
    data[at + 10] ^= 1
    journal.write_bytes(data)
    for stale in (folder / "data" / "snapshots").glob("*"):
        stale.unlink()
    done = _serve(_toml(folder, 0))
    assert done.returncode == 1
    assert "damaged at record" in done.stderr
    assert "kept as it is" in done.stderr
    assert journal.read_bytes() == bytes(data)


async def test_a_truncated_database_is_refused_and_kept(folder: Path) -> None:
    """Half a file is no journal."""
    journal = await _sold(folder, 40)
    data = journal.read_bytes()[: journal.stat().st_size // 2]
    journal.write_bytes(data)
    done = _serve(_toml(folder, 0))
    assert done.returncode == 1
    assert "journal" in done.stderr
    assert "Traceback" not in done.stderr
    assert journal.read_bytes() == data


async def test_a_missing_segment_is_named(folder: Path) -> None:
    """A catalog whose base is gone cannot be rebuilt, and is not replaced by an empty one."""
    from countertop.importer import prepare
    from countertop.seed import doer, install_segment

    items = folder / "items.csv"
    items.write_text("code,name,department,tax_class,price_minor\ntea,Tea,Drinks,standard,250\n")
    async with open_shop(folder) as shop:
        prepared = prepare(items, "EUR", frozenset(("standard",)))
        await install_segment(shop.store, doer(shop.store), prepared.segment, "items")
    shutil.rmtree(folder / "data" / "segments")
    done = _serve(_toml(folder, 0))
    assert done.returncode == 1
    assert ".segment is missing" in done.stderr


def test_a_disk_that_cannot_be_written_is_named(folder: Path) -> None:
    """A data directory below a file can never be made."""
    (folder / "data").write_text("a file")
    done = _serve(_toml(folder, 0))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data_dir = 5\n", "data_dir"),
        ('data_dir = "x"\ncolour = "red"\n', "colour"),
        ("not toml at all", "not TOML"),
        ('data_dir = "x"\n[doors]\nhttp_port = "80"\n', "http_port"),
        ('data_dir = "x"\n[[devices]]\naddress = "printer/1"\nkind = "fax"\n', "fax"),
        (
            (
                'data_dir = "x"\n[[devices]]\naddress = "printer/1"\nkind = "printer"\n'
                'transport = "x"\n'
            ),
            "printer/1",
        ),
        (
            'data_dir = "x"\n'
            + "".join(
                f'[[devices]]\naddress = "terminal/{name}"\nkind = "terminal"\n'
                'transport = "tcp://192.0.2.1:20007"\n'
                for name in "ab"
            ),
            "terminal/b was not started: terminal/a is at tcp://192.0.2.1:20007 already",
        ),
        (
            (
                'data_dir = "x"\n[nexo]\nauthority_file = "a.pem"\nkey_identifier = "shop"\n'
                'passphrase = "pässword"\n'
            ),
            "\\[nexo\\] cannot be used: passphrase_must_be_ascii",
        ),
        ('data_dir = "x"\n[nexo]\nauthority_file = "a.pem"\n', "key_identifier"),
        ('data_dir = "x"\n[doors]\nhttp_port = 65536\n', "http_port must be from 0 to 65535"),
        ('data_dir = "x"\n[doors]\nhttp_port = -1\n', "http_port must be from 0 to 65535"),
        ('data_dir = "x"\nreserve_mib = -1\n', "reserve_mib must be from 0 to 1024, not -1"),
        ('data_dir = "x"\nreserve_mib = 1025\n', "reserve_mib must be from 0 to 1024, not 1025"),
    ],
)
def test_a_wrong_configuration_is_named(folder: Path, text: str, words: str) -> None:
    """The field or the device is in the message, and that nothing was started."""
    path = folder / "store.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as refused:
        load(path)
    assert "othing was started" in str(refused.value)


def test_what_nexo_terminals_share_is_told_to_the_devices_node(folder: Path) -> None:
    """As it is handed on: nothing of it is lost, and without the table there is none."""
    path = folder / "store.toml"
    path.write_text(
        '[nexo]\nauthority_file = "a.pem"\nkey_identifier = "shop"\nkey_version = 2\n'
        'passphrase = "p@ss"\nis_test = true\ncarrier = "websocket"\n'
    )
    config = load(path)
    beside = str(folder / "a.pem")
    assert config.nexo == NexoShop(beside, "shop", "p@ss", 2, True, "websocket")
    assert from_data(parse(canonical(to_data(config))), "the store") == config
    path.write_text("")
    assert load(path).nexo is None


def test_a_missing_configuration_is_named(folder: Path) -> None:
    """The path is in the message."""
    with pytest.raises(ConfigError, match="There is no configuration"):
        load(folder / "none.toml")


def test_a_path_too_long_for_a_socket_is_named(folder: Path) -> None:
    """Before anything is made, the message says which path and how long it may be."""
    long = folder / ("d" * 90)
    with pytest.raises(ConfigError, match="too long"):
        open_store(Config(str(long)), SystemWorld())
    assert not long.exists()


def test_a_configuration_survives_its_way_to_a_child() -> None:
    """What a child process is told is what the parent was."""
    config = from_data(
        {
            "data_dir": "x",
            "devices": [
                {"address": "printer/1", "kind": "printer", "transport": "tcp://127.0.0.1:9100"}
            ],
        },
        "test",
    )
    from countertop.config import to_data

    assert from_data(to_data(config), "test") == config


async def test_damaged_personal_keys_are_named(folder: Path) -> None:
    """Without them no name can be shown: the start is refused in words."""
    async with open_shop(folder):
        pass
    keys = folder / "data" / "keys" / "personal.db"
    keys.write_bytes(b"nothing that SQLite knows" * 100)
    done = _serve(_toml(folder, 0))
    assert done.returncode == 1
    assert "personal.db cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", [b"", b"garbage", b"of another kind"])
async def test_a_damaged_signing_key_is_named_and_the_journal_not_blamed(
    folder: Path, content: bytes
) -> None:
    """The message says what of it can be done; with the key put back the store opens."""
    async with open_shop(folder) as shop:
        await shop.sell()
    key = folder / "data" / "keys" / "journal.ed25519"
    sound = key.read_bytes()
    if content == b"of another kind":
        content = X25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    key.write_bytes(content)
    with pytest.raises(SigningKeyError, match="Put the key back") as refused:
        open_store(own_config(folder), SystemWorld())
    assert "nothing was started" in str(refused.value)
    key.write_bytes(sound)
    async with open_shop(folder, ready=False) as shop:
        await shop.sell()
