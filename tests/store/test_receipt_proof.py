"""One receipt proven alone, from a closed day's journal, with nothing else at hand."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import trio
from attrs import frozen

from tests.store.harness import ROOT, open_journal, open_shop, own_config
from tests.unguarded import take_guards_off
from tests.warm import run
from verifier.__main__ import main
from verifier.inputs import CannotCheckError
from verifier.proof import problems_of, read_proof


@frozen
class Closed:
    """A closed store's journal, the key, and what is printed on each of its receipts."""

    journal: Path
    key: Path
    heads: dict[str, str]


async def _sell_and_close(folder: Path) -> Closed:
    heads = {}
    async with open_shop(folder) as shop:
        for code in ("bread", "milk", "wine", "bread"):
            order = (await shop.sell(code))["order_id"]
            document = (await shop.look("receipt.get", order_id=order))["document"]
            heads[document["title"]] = document["blocks"][-1]["left"].removeprefix("Journal ")
        await shop.do("till.count", denominations=[])
        await shop.do("till.close")
        await shop.do("register.close_day")
        await shop.office("settings.define_register", setup={"id": "3", "name": "Stall"})
    data = folder / "data"
    return Closed(data / "journal.db", data / "keys" / "journal.ed25519.pub", heads)


@pytest.fixture(scope="module")
def closed() -> Iterator[Closed]:
    """A store that sold four times and closed its day."""
    with TemporaryDirectory(prefix="proof-") as name:
        yield trio.run(_sell_and_close, Path(name))


@pytest.fixture
def proof(closed: Closed, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The proof of the third receipt, in a file."""
    out = tmp_path / "proof.json"
    assert main([str(closed.journal), "--receipt", "1-3", "--out", str(out)]) == 0
    capsys.readouterr()
    return out


def _alone(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The verifier in a folder with nothing but itself and what it is given, without packages."""
    shutil.copytree(ROOT / "verifier", folder / "verifier", dirs_exist_ok=True)
    code = "import runpy, sys; sys.path.insert(0, '.'); sys.modules['cryptography'] = None; "
    code += "runpy.run_module('verifier', run_name='__main__', alter_sys=True)"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.feature("NEW-12", part="a single receipt is provable by its path")
def test_a_receipt_is_proven_with_nothing_else_at_hand(
    closed: Closed, proof: Path, tmp_path: Path
) -> None:
    """Number, total, printed head and signature; no journal, no store, no package is needed."""
    other = tmp_path / "elsewhere"
    other.mkdir()
    shutil.copy(proof, other / "proof.json")
    shutil.copy(closed.key, other / "key")
    done = _alone(other, "--proof", "proof.json", "--key", "key")
    assert (done.returncode, done.stderr) == (0, "")
    printed = closed.heads["Receipt 1-000003"]
    assert f"Receipt 1-000003, total 799 minor, printed head {printed}" in done.stdout
    assert done.stdout.endswith("All well.\n")


def _named(folder: Path, journal: Path, *arguments: str) -> int:
    """The position that the stand-alone verifier names in a journal file."""
    done = _alone(folder, journal, *arguments, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    return int(json.loads(done.stdout)["problems"][0]["position"])


def _edit(journal: Path, *statements: str) -> None:
    db = sqlite3.connect(journal)
    db.execute("PRAGMA ignore_check_constraints = ON")
    take_guards_off(db)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


@pytest.mark.feature("NEW-12")
def test_a_days_journal_is_tamper_evident_and_its_receipts_are_provable(
    closed: Closed, proof: Path, tmp_path: Path
) -> None:
    """A flipped bit, a deleted, a swapped and a truncated record of a real day are each named by
    the verifier standing alone; and one receipt is proven by its path to a signed checkpoint."""
    evidence = tmp_path / "evidence.db"

    def copied() -> Path:
        shutil.copy(closed.journal, evidence)
        return evidence

    assert _alone(tmp_path, copied(), "--key", closed.key).returncode == 0
    sale = json.loads(proof.read_text())["position"]
    data = bytearray(closed.journal.read_bytes())
    data[data.rindex(b'"receipt_number":"1-000003"') + 25] ^= 1
    evidence.write_bytes(data)
    assert _named(tmp_path, evidence) == sale
    _edit(copied(), f"DELETE FROM records WHERE position = {sale}")
    assert _named(tmp_path, evidence) == sale
    _edit(
        copied(),
        f"UPDATE records SET position = -1 WHERE position = {sale}",
        f"UPDATE records SET position = {sale} WHERE position = {sale + 7}",
        f"UPDATE records SET position = {sale + 7} WHERE position = -1",
    )
    assert _named(tmp_path, evidence) == sale
    # Cut with everything in the file that would tell: the paper in a customer's hand tells.
    printed = closed.heads["Receipt 1-000004"]
    _edit(
        copied(),
        f"DELETE FROM records WHERE position >= {sale}",
        f"DELETE FROM commands WHERE position >= {sale}",
        "DELETE FROM checkpoints",
        "DELETE FROM meta WHERE key = 'frontier'",
    )
    assert _alone(tmp_path, evidence).returncode == 0
    assert _named(tmp_path, evidence, "--head", printed) == sale
    checked = _alone(tmp_path, "--proof", proof, "--key", closed.key)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert f"Record {sale} is in the tree of " in checked.stdout


def test_a_proof_that_cannot_be_written_is_told_as_such(
    closed: Closed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The journal was checked all the same, and the words do not say that it was not; without a
    place the proof is shown, whichever way its record was named."""
    out = tmp_path / "none" / "proof.json"
    assert main([str(closed.journal), "--receipt", "1-3", "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert "All well." in said
    assert "The proof was not written" in said
    assert "was not checked" not in said
    assert main([str(closed.journal), "--receipt", "1-3"]) == 0
    shown = capsys.readouterr().out
    position = json.loads(shown[shown.index("\n{") :])["position"]
    assert main([str(closed.journal), "--prove-receipt", str(position)]) == 0
    assert capsys.readouterr().out == shown


def test_the_command_line_writes_the_same_proof(closed: Closed, proof: Path) -> None:
    """`countertop verify` takes the number as it is printed, and prints what it would write."""
    done = run("verify", closed.journal, "--receipt", "1-000003")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(proof.read_text())


def test_the_command_line_checks_a_proof_too(closed: Closed, proof: Path) -> None:
    """`countertop verify` is the verifier whichever of its options comes first, and says what it
    wants where it is given nothing."""
    done = run("verify", "--proof", proof, "--key", closed.key)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("All well.\n")
    done = run("verify")
    assert (done.returncode, "give a journal, or --proof and a file" in done.stderr) == (2, True)


def test_every_changed_byte_of_a_proof_is_found(proof: Path) -> None:
    """A proof that says anything else than it did proves nothing."""
    sound = proof.read_bytes()
    meant = json.loads(sound)
    changed = 0
    for at in range(len(sound)):
        flipped = bytearray(sound)
        flipped[at] ^= 1 << at % 7
        proof.write_bytes(flipped)
        try:
            told = read_proof(proof)
        except CannotCheckError:
            continue
        if told == meant:
            continue
        changed += 1
        assert problems_of(told, [], []), (
            f"byte {at} was changed unseen: {sound[at - 40 : at + 9]!r}"
        )
    assert changed > len(sound) // 2


def test_a_proof_is_held_against_a_key_and_a_printed_head(
    closed: Closed, proof: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another key or another head is named; a head it knows nothing of is not checked."""
    told = json.loads(proof.read_text())
    own, before = told["position"], told["position"] - 1
    previous = told["previous"]
    assert main(["--proof", str(proof), "--head", f"{before}:{previous[:8]}"]) == 0
    assert main(["--proof", str(proof), "--head", f"{own}:{'0' * 8}"]) == 1
    assert f"WRONG at record {own}" in capsys.readouterr().out
    assert main(["--proof", str(proof), "--head", f"{own + 9}:{'0' * 8}"]) == 2
    assert f"says nothing of record {own + 9}" in capsys.readouterr().err
    stranger = tmp_path / "stranger"
    stranger.write_text("ab" * 32)
    assert main(["--proof", str(proof), "--key", str(stranger), "--json"]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert "signed with another key" in problems[0]["what"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"path": []}, "audit path"),
        ({"path": [1]}, "cannot be"),
        ({"tree_size": 1}, "audit path"),
        ({"epoch": 2}, "not what was hashed"),
        ({"store": "shop-2"}, "of another store"),
        ({"checkpoint": None}, "proves nothing alone"),
        ({"checkpoint": "nothing"}, "of another store"),
        ({"key": "ab" * 32}, "signature is not right"),
        ({"key": "ab"}, "cannot be"),
        ({"leaf": "ab" * 32}, "not what was hashed"),
        ({"root": "xyz"}, "cannot be"),
        ({"key": 5}, "cannot be"),
    ],
)
def test_a_forged_proof_is_named(proof: Path, change: dict[str, Any], words: str) -> None:
    """Each field that is taken from elsewhere breaks something, and that is said."""
    forged = {**read_proof(proof), **change}
    assert any(words in problem.what for problem in problems_of(forged, [], []))


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b'{"format": "countertop.proof/9"}', b"\xff", b"[" * 100_000],
)
def test_what_is_no_proof_is_not_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    """Garbage of any kind is exit code 2 and a sentence."""
    path = tmp_path / "proof.json"
    path.write_bytes(content)
    assert main(["--proof", str(path)]) == 2
    assert "was not checked: it is no proof" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        *({"position": 0}, {"position": "1"}, {"tree_size": 1 << 64}, {"path": "ab"}, {"kind": 1}),
        *({name: "\ud800"} for name in ("leaf", "root", "payload", "store", "checkpoint")),
        {"path": ["\ud800"]},
    ],
)
def test_a_proof_of_another_shape_is_not_checked(proof: Path, wrong: dict[str, Any]) -> None:
    """Numbers and lists are what a journal could have, or it is no proof."""
    proof.write_text(json.dumps({**json.loads(proof.read_text()), **wrong}))
    with pytest.raises(CannotCheckError):
        read_proof(proof)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"payload": "[" * 100_000}, "not what was hashed"),
        (
            {
                "payload": json.dumps(
                    {"data": {"receipt_number": "\ud800", "figures": {"total_minor": 7}}}
                )
            },
            r"Receipt \ud800, total 7 minor",
        ),
        ({"checkpoint": "countertop/shop-1/" + "9" * 6_000 + "\n"}, "of another store"),
    ],
)
def test_a_hostile_proof_is_told_in_words(
    proof: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], words: str
) -> None:
    """Depth, half of a character and thousands of digits end in exit code 1, for people and as
    JSON."""
    proof.write_text(json.dumps({**json.loads(proof.read_text()), **change}))
    assert main(["--proof", str(proof), "--json"]) == 1
    capsys.readouterr()
    assert main(["--proof", str(proof)]) == 1
    assert words in capsys.readouterr().out


def test_a_receipt_that_is_not_there_is_named(
    closed: Closed, capsys: pytest.CaptureFixture[str]
) -> None:
    """A number nobody printed is a finding; what is no number is a mistake of the asker's."""
    assert main([str(closed.journal), "--receipt", "1-99"]) == 1
    assert "there is no receipt 1-99" in capsys.readouterr().out
    assert main([str(closed.journal), "--receipt", "what"]) == 2
    assert "they look like 1-000042" in capsys.readouterr().err


def test_a_damaged_journal_proves_nothing(
    closed: Closed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where something is wrong with the file, no proof is made of it."""
    data = bytearray(closed.journal.read_bytes())
    at = data.rindex(b'"receipt_number":"1-000002"')
    data[at + 20] ^= 1
    copy = tmp_path / "journal.db"
    copy.write_bytes(data)
    assert main([str(copy), "--receipt", "1-1", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["proof"] is None


async def test_a_sale_no_checkpoint_covers_is_not_proven_yet(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the day is closed there is a path but no signature, and that is said when the proof is
    made, too, and not only to whom it was given."""
    async with open_shop(folder) as shop:
        await shop.sell()
    out = folder / "proof.json"
    journal = own_config(folder).journal_path
    assert main([str(journal), "--receipt", "1-1", "--out", str(out)]) == 0
    assert "no signed checkpoint covers it yet" in capsys.readouterr().out
    assert main(["--proof", str(out)]) == 1
    assert "no signed checkpoint covers it yet" in capsys.readouterr().out
    with open_journal(own_config(folder)) as opened:
        opened.checkpoint()
    assert main([str(journal), "--receipt", "1-1", "--out", str(out)]) == 0
    assert "no signed checkpoint" not in capsys.readouterr().out
    assert main(["--proof", str(out)]) == 0


@pytest.mark.parametrize(
    "arguments",
    [[], ["a.db", "--proof", "b"], ["--proof", "b", "--receipt", "1-1"]],
)
def test_a_question_that_makes_no_sense_is_refused(arguments: list[str]) -> None:
    """A journal or a proof, not both; and a proof is not asked for another."""
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2
