"""Where the files are that a configuration file names."""

from __future__ import annotations

from pathlib import Path

import pytest

from countertop.config import ConfigError, load

SHOP = """
store_id = "shop-1"

[nexo]
authority_file = "terminals.pem"
key_identifier = "shop"
passphrase = "p@ssw0rd"

[[devices]]
address = "terminal/1"
kind = "terminal"
protocol = "nexo"
transport = "tcp://192.0.2.11:8443"
serial = "V400m-324688179"
key_identifier = "shop"
passphrase = "p@ssw0rd"
authority_file = "papers/own.pem"

[[providers]]
address = "provider/qr"
url = "https://pay.example"
token_file = "qr.token"
secret_file = "/etc/countertop/qr.secret"
"""


def test_a_file_without_its_folder_is_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From wherever the store is started: by hand in its folder, and at boot from another."""
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "shop.toml").write_text(SHOP)
    for start, path in ((folder, "shop.toml"), (tmp_path, "etc/shop.toml")):
        monkeypatch.chdir(start)
        read = load(Path(path))
        assert read.nexo is not None
        assert str(folder / "terminals.pem") == read.nexo.authority_file
        assert str(folder / "papers" / "own.pem") == read.devices[0].authority_file
        (provider,) = read.providers
        assert str(folder / "qr.token") == provider.token_file
        assert "/etc/countertop/qr.secret" == provider.secret_file
        assert "" == provider.authority_file, "where none is named, none is"


@pytest.mark.parametrize(
    "wrong",
    ["devices = 7", "devices = [7]", "nexo = [1]", 'providers = "x"', "[nexo]\nauthority_file = 7"],
)
def test_what_is_no_table_of_files_is_named_as_ever(tmp_path: Path, wrong: str) -> None:
    """Whoever looks for names of files takes nothing for a table that is none."""
    path = tmp_path / "shop.toml"
    path.write_text(f'store_id = "shop-1"\n{wrong}\n')
    with pytest.raises(ConfigError, match="Nothing was started"):
        load(path)
