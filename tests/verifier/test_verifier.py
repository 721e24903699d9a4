"""The independent reader: accepts what the journal wrote, and names what was changed since."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from actors.checkpoints import Signer, verifier_key
from actors.journal import Journal
from actors.journal_backup import backup, restore
from benches.journal import sample_entry
from engine.stamp import Stamp
from native import TreeFrontier, inclusion_proof, verify_inclusion
from tests.unguarded import take_guards_off
from verifier import __main__ as program
from verifier import ed25519
from verifier import journal as reading
from verifier.__main__ import main
from verifier.hashes import root_by_path
from verifier.inputs import ANCHOR_FORMAT, CannotCheckError, read_anchor, read_key
from verifier.journal import progress

RECORDS = 25


@frozen
class Sold:
    """A closed journal in a directory of its own, and its heads by position."""

    path: Path
    heads: tuple[bytes, ...]

    def head(self, position: int, digits: int = 64) -> str:
        """A head as it is printed."""
        return f"{self.heads[position - 1].hex()[:digits]}@{position}"


@pytest.fixture
def sold(tmp_path: Path) -> Sold:
    """A journal with checkpoints at 10, 20 and 25."""
    path = tmp_path / "store" / "journal.db"
    with Journal.open(path, store_id="shop-1", reserve_bytes=0, checkpoint_every=10) as journal:
        for number in range(RECORDS - 1):
            journal.append([sample_entry(number)])
        journal.append([sample_entry(99)])
        journal.checkpoint()
        heads = tuple(journal.hash_at(position) for position in range(1, RECORDS + 1))
    return Sold(path, heads)


def _check(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, object]]:
    code = main([*(str(argument) for argument in arguments), "--json"])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else {}


def _position(report: dict[str, object]) -> int:
    problems = report["problems"]
    assert isinstance(problems, list)
    return int(problems[0]["position"])


def _edit(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path)
    take_guards_off(db)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def test_a_sound_journal_is_accepted(sold: Sold, capsys: pytest.CaptureFixture[str]) -> None:
    """Records, checkpoints, the key and printed heads all agree; the exit code is 0."""
    key = sold.path.parent / "keys/journal.ed25519.pub"
    code, report = _check(
        capsys, sold.path, "--key", key, "--head", sold.head(7, 8), "--head", sold.head(25)
    )
    assert (code, report["problems"]) == (0, [])
    assert (report["records"], report["checkpoints"], report["anchors"]) == (RECORDS, 3, 2)
    assert report["head"] == sold.heads[-1].hex()
    assert main([str(sold.path)]) == 0
    assert capsys.readouterr().out.endswith("All well.\n")


def test_the_file_and_its_directory_stay_as_they_are(
    sold: Sold, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copied file is checked without anything being written beside it."""
    copy = tmp_path / "evidence" / "copy.db"
    copy.parent.mkdir()
    shutil.copy(sold.path, copy)
    before = copy.read_bytes()
    assert _check(capsys, copy)[0] == 0
    assert [path.name for path in copy.parent.iterdir()] == ["copy.db"]
    assert copy.read_bytes() == before


def test_a_journal_in_use_and_a_copy_with_its_log_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is still in the log counts, in place and in a copy of database and log."""
    path = tmp_path / "journal.db"
    with Journal.open(path, store_id="s", reserve_bytes=0) as journal:
        journal.append([sample_entry(number) for number in range(4)])
        assert _check(capsys, path)[1]["records"] == 4
        copy = tmp_path / "evidence" / "journal.db"
        copy.parent.mkdir()
        for end in ("", "-wal"):
            shutil.copy(f"{path}{end}", f"{copy}{end}")
        assert _check(capsys, copy)[1]["records"] == 4
        assert sorted(file.name for file in copy.parent.iterdir()) == [
            "journal.db",
            "journal.db-wal",
        ]
        journal.append([sample_entry(9)])
        assert _check(capsys, path)[1]["records"] == 5


def test_a_link_to_a_journal_in_use_is_read_with_its_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log lies beside the file, not beside the link."""
    path, link = tmp_path / "store" / "journal.db", tmp_path / "current.db"
    with Journal.open(path, store_id="shop-1", reserve_bytes=0) as journal:
        for number in range(20):
            journal.append([sample_entry(number)])
        link.symlink_to(path)
        code, report = _check(capsys, link, "--head", f"20:{journal.hash_at(20).hex()}")
        assert (code, report["records"]) == (0, 20)


def test_a_store_that_begins_during_the_check_makes_nothing_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check began on a file alone; then the shop opened, sold and moved its log: it is told
    to check again, and that finds all well."""
    path = tmp_path / "store" / "journal.db"
    with Journal.open(path, store_id="shop-1", reserve_bytes=0) as journal:
        for number in range(600):
            journal.append([sample_entry(number)])
    opened: list[Journal] = []

    def meanwhile(done: int, total: int) -> None:
        if done == 300:
            opened.append(Journal.open(path, reserve_bytes=0))
            for number in range(10_000, 10_300):
                opened[0].append([sample_entry(number)])
            opened[0].checkpoint_wal()

    monkeypatch.setattr(reading, "progress", meanwhile)
    try:
        assert main([str(path)]) == 2
        assert "check again" in capsys.readouterr().err
        monkeypatch.undo()
        assert _check(capsys, path)[0] == 0
    finally:
        opened[0].close()


def test_a_store_that_begins_while_its_log_is_copied_makes_nothing_wrong(
    sold: Sold, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file and a log of two moments are no journal: it is told to check again."""
    log = sold.path.with_name("journal.db-wal")
    with Journal.open(sold.path, reserve_bytes=0) as journal:
        journal.append([sample_entry(500)])
        crashed = sold.path.parent.parent / "crashed" / "journal.db"
        crashed.parent.mkdir()
        for file in (sold.path, log):
            shutil.copyfile(file, crashed.with_name(file.name))
    real = shutil.copyfile

    def meanwhile(source: Path, target: Path) -> None:
        real(source, target)
        if source == crashed:
            crashed.with_name("journal.db-shm").touch()

    assert _check(capsys, crashed)[0] == 0
    monkeypatch.setattr(shutil, "copyfile", meanwhile)
    assert main([str(crashed)]) == 2
    assert "check again" in capsys.readouterr().err


@pytest.mark.feature("NEW-12", part="chain")
@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE records SET payload = x'7b7d' WHERE position = 3", 3),
        ("UPDATE records SET payload = x'ff' WHERE position = 3", 3),
        ("UPDATE records SET hash = zeroblob(32) WHERE position = 4", 4),
        ("UPDATE records SET kind = 'training' WHERE position = 5", 5),
        ("UPDATE records SET epoch = 2 WHERE position = 6", 6),
        ("UPDATE records SET name = 'sale.gift/1' WHERE position = 7", 7),
        ("UPDATE records SET stream = 'order/x' WHERE position = 8", 8),
        ("UPDATE records SET stream_version = 2 WHERE position = 9", 9),
        ("UPDATE records SET command_id = 'x' WHERE position = 9", 9),
        ("DELETE FROM records WHERE position = 1", 1),
        ("DELETE FROM records WHERE position = 12", 12),
        ("DELETE FROM records WHERE position > 22", 23),
        ("DELETE FROM commands WHERE id = 'bench-00000013'", 14),
        ("UPDATE checkpoints SET root = zeroblob(32) WHERE tree_size = 20", 20),
        ("UPDATE checkpoints SET note = replace(note, 'shop-1', 'shop-2')", 10),
        ("UPDATE checkpoints SET note = substr(note, 1, length(note) - 9)", 10),
        ("UPDATE checkpoints SET public_key = zeroblob(32) WHERE tree_size = 25", 25),
        ("UPDATE meta SET value = 'shop-2' WHERE key = 'store_id'", 1),
    ],
)
def test_every_change_is_found_and_named(
    sold: Sold, capsys: pytest.CaptureFixture[str], statement: str, position: int
) -> None:
    """The first bad position is named and the exit code is 1."""
    _edit(sold.path, statement)
    code, report = _check(capsys, sold.path)
    assert (code, _position(report)) == (1, position)


@pytest.mark.parametrize(
    "change",
    [
        *({"hash": ""}, {"hash": 7}, {"position": "3"}, {"position": 0}, {"epoch": True}),
        *({"position": float("inf")}, {"store_id": ["shop-1"]}, {"store_id": "\ud800"}),
    ],
)
def test_an_anchor_of_another_shape_is_not_taken(tmp_path: Path, change: dict[str, Any]) -> None:
    """Its check sum is anybody's to make: an empty hash would agree with every journal."""
    told = {"store_id": "shop-1", "epoch": 1, "position": 3, "hash": "07" * 32}
    path = tmp_path / "front.anchor"
    path.write_bytes(_anchor(told))
    assert read_anchor(path).position == 3
    path.write_bytes(_anchor({**told, **change}))
    with pytest.raises(CannotCheckError, match=r"front\.anchor cannot be read"):
        read_anchor(path)


@pytest.mark.parametrize("content", [b"[" * 100_000, b"9" * 6_000, b"[]", b"\xff"])
def test_what_is_no_anchor_is_not_checked(
    sold: Sold, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    """Garbage of any kind is exit code 2 and a sentence."""
    path = tmp_path / "front.anchor"
    path.write_bytes(content)
    assert main([str(sold.path), "--anchor", str(path)]) == 2
    words = "front.anchor cannot be read: it is no anchor file, or not all of one\n"
    assert capsys.readouterr().err.endswith(words)
    assert main([str(sold.path), "--key", str(path)]) == 2
    assert "does not hold an Ed25519 public key" in capsys.readouterr().err


def _anchor(told: dict[str, Any]) -> bytes:
    inside = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    sealed = f"{ANCHOR_FORMAT}\n{inside}".encode(errors="surrogatepass")
    check = hashlib.sha256(sealed).hexdigest()
    return json.dumps({**told, "format": ANCHOR_FORMAT, "check": check}).encode()


@pytest.mark.feature("NEW-12", part="chain")
def test_a_rewritten_chain_is_found_by_what_was_anchored(
    sold: Sold, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A whole new journal is sound in itself; a printed head or the key shows the fraud."""
    forged = tmp_path / "forged" / "journal.db"
    signer = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    with Journal.open(forged, store_id="shop-1", reserve_bytes=0, signer=signer) as journal:
        journal.append([sample_entry(number + 1) for number in range(RECORDS)])
        journal.checkpoint()
    assert _check(capsys, forged)[0] == 0
    code, report = _check(capsys, forged, "--head", sold.head(7, 8))
    assert (code, _position(report)) == (1, 7)
    key = sold.path.parent / "keys/journal.ed25519.pub"
    code, report = _check(capsys, forged, "--key", key)
    assert (code, _position(report)) == (1, RECORDS)


def _saved_tree(sold: Sold, size: int) -> str:
    tree = TreeFrontier()
    for head in sold.heads[:size]:
        tree.append(head)
    return tree.to_bytes().hex()


@pytest.mark.feature("NEW-12", part="chain")
def test_a_cut_off_tail_is_found_by_a_printed_head(
    sold: Sold, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that ends before an anchored position is not accepted."""
    _edit(
        sold.path,
        "DELETE FROM records WHERE position > 22",
        "DELETE FROM checkpoints WHERE tree_size > 22",
        "DELETE FROM commands WHERE position > 22",
        f"UPDATE meta SET value = x'{_saved_tree(sold, 20)}' WHERE key = 'frontier'",
    )
    assert _check(capsys, sold.path)[0] == 0
    code, report = _check(capsys, sold.path, "--head", sold.head(24))
    assert (code, _position(report)) == (1, 23)


@pytest.mark.feature("NEW-12", part="chain")
@pytest.mark.parametrize("position", [1, 2, 16, 17, 24, 25])
def test_one_record_is_proven_alone(
    sold: Sold, capsys: pytest.CaptureFixture[str], position: int
) -> None:
    """The audit path leads from the leaf to the signed root, and is the one native computes."""
    code, report = _check(capsys, sold.path, "--prove-receipt", position)
    proof = report["proof"]
    assert code == 0
    assert isinstance(proof, dict)
    path = [bytes.fromhex(node) for node in proof["path"]]
    root = bytes.fromhex(proof["root"])
    assert path == inclusion_proof(list(sold.heads), position - 1)
    assert verify_inclusion(sold.heads[position - 1], position - 1, RECORDS, path, root)
    assert proof["checkpoint"].splitlines()[1] == str(RECORDS)
    wrong = root_by_path(bytes(32), position - 1, RECORDS, path)
    assert wrong != root


def test_a_record_that_is_not_there_cannot_be_proven(
    sold: Sold, capsys: pytest.CaptureFixture[str]
) -> None:
    """A position beyond the end has no proof, and the exit code says so."""
    code, report = _check(capsys, sold.path, "--prove-receipt", RECORDS + 1)
    assert (code, report["proof"]) == (1, None)


def test_a_restored_journal_is_sound(sold: Sold, capsys: pytest.CaptureFixture[str]) -> None:
    """A new epoch that begins as it should is accepted, with checkpoints of both epochs."""
    copy = sold.path.parent / "backup.db"
    backup(sold.path, copy)
    data_dir = sold.path.parent.parent / "new"
    shutil.copytree(sold.path.parent / "keys", data_dir / "keys")
    restore(
        copy,
        data_dir,
        reason="test",
        operator="owner",
        command_id="restore-1",
        stamp=Stamp(1, 0, "2026-11-23"),
    )
    with Journal.open(data_dir / "journal.db", reserve_bytes=0) as journal:
        journal.append([sample_entry(500)])
        journal.checkpoint()
    code, report = _check(capsys, data_dir / "journal.db")
    assert (code, report["epoch"], report["checkpoints"]) == (0, 2, 4)
    assert len(report["keys"]) == 1  # type: ignore[arg-type]


def test_a_damaged_file_is_named_by_the_record(
    sold: Sold, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page of garbage is a finding, at the record where reading could not go on."""
    sound = sold.path.read_bytes()
    at = sound.index(b'"command_id":"bench-00000012"') // 4096 * 4096
    sold.path.write_bytes(sound[:at] + b"\xa5" * 4096 + sound[at + 4096 :])
    code, report = _check(capsys, sold.path)
    assert code == 1
    assert 1 < _position(report) <= 13


def test_a_damaged_answer_is_found(sold: Sold, capsys: pytest.CaptureFixture[str]) -> None:
    """A stored answer that changed, or one given beyond the end, is a finding."""
    _edit(sold.path, "UPDATE commands SET answer = x'00' WHERE id = 'bench-00000004'")
    code, report = _check(capsys, sold.path)
    assert (code, _position(report)) == (1, 5)


@pytest.mark.parametrize("content", [b"", b"garbage" * 700, None])
def test_what_is_not_a_journal_is_not_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    """Nothing, garbage and a missing file give exit code 2 and a reason."""
    path = tmp_path / "journal.db"
    if content is not None:
        path.write_bytes(content)
    assert main([str(path)]) == 2
    assert "was not checked" in capsys.readouterr().err


@pytest.mark.parametrize(
    "head",
    ["abc@1", "xyzxyzxyz@4", "0123456789", "01234567@0", "01234567@x", "0·01234567", "7·0123456"],
)
def test_a_malformed_head_is_a_usage_error(head: str) -> None:
    """A head of another form is refused before anything is read."""
    with pytest.raises(SystemExit) as caught:
        main(["nothing.db", "--head", head])
    assert caught.value.code == 2


def test_keys_are_read_in_four_forms(sold: Sold, tmp_path: Path) -> None:
    """The key file may hold the signed-note form, hexadecimal, base64 or PEM."""
    text = (sold.path.parent / "keys/journal.ed25519.pub").read_text()
    key = read_key(sold.path.parent / "keys/journal.ed25519.pub")
    encoded = text.strip().split("+", 2)[2]
    file = tmp_path / "key"
    pem_head = "-----BEGIN PUBLIC KEY-----\n"
    for form in (key.hex(), encoded, f"{pem_head}{encoded}\n-----END PUBLIC KEY-----\n"):
        file.write_text(form)
        assert read_key(file) == key
    tricky = bytes(range(31)) + b"\xfb"
    file.write_text(verifier_key("countertop/a/1", tricky))
    assert read_key(file) == tricky
    file.write_text("+/+/+/" + "A" * 37 + "=")
    assert len(read_key(file)) == 32
    of_x25519, of_ed25519 = (
        base64.b64encode(bytes.fromhex(f"302a300506032b65{kind}032100") + key).decode()
        for kind in ("6e", "70")
    )
    file.write_text(f"{pem_head}{of_ed25519}\n-----END PUBLIC KEY-----\n")
    assert read_key(file) == key
    for bad in ("", "AAAA", "not base64!", of_x25519, base64.b64encode(bytes(294)).decode()):
        file.write_text(bad)
        with pytest.raises(CannotCheckError, match="does not hold an Ed25519 public key"):
            read_key(file)


def test_it_runs_alone_as_a_program(sold: Sold) -> None:
    """`python -m verifier` works without site packages, with its own signature check."""
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _RUN_ALONE, str(sold.path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "3 signed checkpoints" in run.stdout


_RUN_ALONE = """
import runpy, sys
sys.path.insert(0, ".")
sys.modules["cryptography"] = None
runpy.run_module("verifier", run_name="__main__", alter_sys=True)
"""


def test_it_imports_nothing_of_ours() -> None:
    """The verifier's modules import the standard library and each other only."""
    folder = Path(ed25519.__file__).parent
    names: set[str] = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                names.add((node.module or "").split(".")[0])
            elif isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
    assert names - set(sys.stdlib_module_names) == {"verifier", "cryptography"}


# RFC 8032 §7.1, tests 1 to 3: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_signatures_are_checked_as_the_standard_says(
    key: str, message: str, signature: str
) -> None:
    """The standard's vectors pass; one bit changed anywhere fails, as does a high scalar."""
    public, text, signed = (bytes.fromhex(part) for part in (key, message, signature))
    for check in (ed25519.verify_slowly, ed25519.verify):
        assert check(public, text, signed)
        assert not check(public, text + b"x", signed)
        assert not check(public, text, signed[:-1] + bytes([signed[-1] ^ 1]))
        assert not check(public, text, bytes([signed[0] ^ 1]) + signed[1:])
        assert not check(public[::-1], text, signed)
        assert not check(public, text, signed[:63])
    high = int.from_bytes(signed[32:], "little") + ed25519.ORDER
    assert not ed25519.verify_slowly(public, text, signed[:32] + high.to_bytes(32, "little"))


def test_long_checks_tell_how_far_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """A big file shows progress on the error channel, a small one nothing."""
    progress(25_000, 60_000)
    progress(25_001, 60_000)
    progress(25_000, 30_000)
    assert capsys.readouterr().err == "checked 25,000 of 60,000 records\n"


@pytest.mark.feature("NEW-12", part="chain")
def test_a_history_without_its_checkpoints_does_not_agree_with_a_key(
    sold: Sold, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever changes a sale and makes every later hash anew cannot sign, and takes the checkpoints
    out: without a key that is a young journal, and with the store's key it is no agreement."""
    _edit(sold.path, "DELETE FROM checkpoints", "DELETE FROM meta WHERE key = 'frontier'")
    assert _check(capsys, sold.path)[0] == 0
    key = sold.path.parent / "keys/journal.ed25519.pub"
    code, report = _check(capsys, sold.path, "--key", key)
    assert (code, _position(report)) == (1, 0)
    assert "signed with a key that was given" in str(report["problems"])


def test_what_nothing_from_outside_vouches_for_is_said(
    sold: Sold, capsys: pytest.CaptureFixture[str]
) -> None:
    """All well means: in itself. From where on that is all, is said, until a head, an anchor or a
    signature under the store's own key reaches the last record."""
    key = sold.path.parent / "keys/journal.ed25519.pub"
    words = "after record {} nothing from outside vouches for it"
    for given, after in (
        ((), 0),
        (("--head", sold.head(7, 8)), 7),
        (("--head", sold.head(7, 8), "--key", key), None),
        (("--head", sold.head(RECORDS)), None),
    ):
        assert main([str(sold.path), *map(str, given)]) == 0
        said = capsys.readouterr().out
        assert "the last of record 25" in said
        if after is None:
            assert "nothing from outside" not in said
        else:
            assert words.format(after) in said


def test_a_folder_and_an_empty_file_are_told_in_words(
    sold: Sold, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store's folder is what one types first: which file is meant is said."""
    assert main([str(sold.path.parent)]) == 2
    assert f"name the journal in it, {sold.path}" in capsys.readouterr().err
    empty = tmp_path / "journal.db"
    empty.touch()
    assert main([str(empty)]) == 2
    assert "was not checked: there is nothing in it" in capsys.readouterr().err
    for given in (tmp_path, tmp_path / "nowhere", empty):
        assert main(["--proof", str(given)]) == 2
        assert "Error(" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["a.db", "--out", "proof.json"],
        ["a.db", "--receipt", "1-1", "--prove-receipt", "3"],
        ["--proof", "a.json", "--out", "proof.json"],
    ],
)
def test_what_would_be_passed_over_is_a_usage_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """An option that nothing would be done with is refused before anything is read."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "verifier: error: " in capsys.readouterr().err


def test_a_proof_takes_no_other_files_place(
    sold: Sold, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of what is there only an earlier proof is replaced, least of all the journal itself; where
    the disk is full nothing half-written is left, and a device is written to as it is."""
    prove = [str(sold.path), "--prove-receipt", "3", "--out"]
    before = sold.path.read_bytes()
    assert main([*prove, str(sold.path)]) == 2
    assert "is no proof, so it was left as it is" in capsys.readouterr().err
    assert sold.path.read_bytes() == before
    out = tmp_path / "proof.json"
    for _ in range(2):
        assert main([*prove, str(out)]) == 0
        assert main(["--proof", str(out)]) == 0
        assert "whether that key is the store's was not asked" in capsys.readouterr().out
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["proof.json", "store"]
    assert main([*prove, "/dev/full"]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert Path("/dev/full").is_char_device()
    assert main([*prove, "/dev/null"]) == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize(
    ("output", "code", "words"),
    [("/dev/full", 2, "could not be shown: [Errno 28]"), ("a pipe nobody reads", 141, "")],
)
def test_what_it_says_may_find_no_place(sold: Sold, output: str, code: int, words: str) -> None:
    """A full disk is told in a sentence, and of `| head` nothing is."""
    if output.startswith("/"):
        target = os.open(output, os.O_WRONLY)
    else:
        reading, target = os.pipe()
        os.close(reading)
    environment = {name: value for name, value in os.environ.items() if "UNBUFFERED" not in name}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "verifier", str(sold.path)],
            cwd=Path(__file__).parents[2],
            env=environment,
            stdout=target,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(target)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert words in done.stderr
    assert done.stderr.count("\n") == (1 if words else 0)


def test_an_interrupted_check_has_found_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C in the midst: a sentence, the exit code of an interrupt, and no verdict."""

    def interrupt() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "main", interrupt)
    assert program.alone() == 130
    out, err = capsys.readouterr()
    assert (out, "nothing that was found so far counts" in err) == ("", True)
