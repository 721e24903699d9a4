"""Personal fields: sealed at the journal's edge, opened for those who may, erased for good."""

from __future__ import annotations

import itertools
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import attrs
import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.journal import Entry, Journal
from actors.personal import ERASED, Keyring, KeyringError, SubjectErasedError
from benches.journal import sample_entry
from engine.personal import (
    Personal,
    is_token,
    personal_fields,
    replace_tokens,
    seal_fields,
)
from engine.wire import canonical, structure, unstructure
from verifier.__main__ import main as verify

ANN = "customer:ann"
BOB = "customer:bob"


@frozen
class Address:
    """An address with its own subject."""

    customer_id: str
    street: Annotated[str, Personal("customer_id")]


@frozen
class Registered:
    """An event with personal fields of every shape."""

    customer_id: str
    name: Annotated[str, Personal("customer_id")]
    points: int = 0
    phone: Annotated[str | None, Personal("customer_id")] = None
    note: Annotated[str, Personal("customer_id")] | None = None
    addresses: tuple[Address, ...] = ()


@frozen
class Misspelt:
    """A field whose subject is no field."""

    name: Annotated[str, Personal("customre_id")]


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    """An empty keyring with keys that are the same in every run."""
    made = _keyring(tmp_path)
    yield made
    made.close()


def _keyring(tmp_path: Path) -> Keyring:
    numbers = itertools.count(1)
    return Keyring(tmp_path / "keys/personal.db", new_key=lambda: bytes([next(numbers)]) * 32)


def test_a_token_opens_to_its_text(keyring: Keyring) -> None:
    """A sealed text comes back, also in another language and empty; the token names its subject."""
    for text in ("Ann Example", "Ægir Ölçüm 山田", "", "~p1.x", "a" * 5_000):
        token = keyring.seal(ANN, "c1", "name", text)
        assert is_token(token, ANN)
        assert not is_token(token, BOB)
        assert keyring.open_token(token) == text


def test_sealing_is_deterministic(keyring: Keyring) -> None:
    """The same text, field and command give the same token; any other gives another."""
    token = keyring.seal(ANN, "c1", "name", "Ann")
    assert keyring.seal(ANN, "c1", "name", "Ann") == token
    others = {
        keyring.seal(BOB, "c1", "name", "Ann"),
        keyring.seal(ANN, "c2", "name", "Ann"),
        keyring.seal(ANN, "c1", "phone", "Ann"),
        keyring.seal(ANN, "c1", "name", "Amy"),
        keyring.seal(ANN, "c", "1name", "Ann"),
    }
    assert len(others | {token}) == 6
    nonces = {other.rpartition(".")[2][:16] for other in others | {token}}
    assert len(nonces) == 6


def test_keys_outlive_the_process(tmp_path: Path) -> None:
    """After reopening, tokens open and sealing gives the same token again."""
    first = _keyring(tmp_path)
    token = first.seal(ANN, "c1", "name", "Ann")
    first.close()
    again = Keyring(tmp_path / "keys/personal.db")
    assert again.open_token(token) == "Ann"
    assert again.seal(ANN, "c1", "name", "Ann") == token
    again.close()


def test_erasing_makes_a_person_unreadable_for_good(tmp_path: Path) -> None:
    """Erased tokens open to nothing, others still open, and no new key is ever given."""
    keyring = _keyring(tmp_path)
    ann, bob = (keyring.seal(who, "c1", "name", "Name") for who in (ANN, BOB))
    keyring.erase(ANN)
    keyring.erase(ANN)
    for _ in range(2):
        assert keyring.open_token(ann) is None
        assert keyring.open_token(bob) == "Name"
        with pytest.raises(SubjectErasedError):
            keyring.seal(ANN, "c2", "name", "Ann again")
        keyring.close()
        keyring = Keyring(tmp_path / "keys/personal.db")
    keyring.close()


def test_what_was_shown_before_is_not_shown_after_an_erasure(tmp_path: Path) -> None:
    """A text that was opened is remembered for the next view, but not longer than its key."""
    keyring = _keyring(tmp_path)
    ann, bob = (keyring.seal(who, "c1", "name", who.title()) for who in (ANN, BOB))
    both, plain = f"{ann} and {bob}", f"{ANN.title()} and {BOB.title()}"
    assert [keyring.reveal(both) for _ in range(2)] == [plain, plain]
    keyring.erase(ANN)
    shown = f"{ERASED} and {BOB.title()}"
    assert [keyring.reveal(both) for _ in range(2)] == [shown, shown]
    keyring.close()


def test_an_old_copy_of_the_key_file_alone_opens_nothing_erased(tmp_path: Path) -> None:
    """The wrapping key changes with an erasure, so wrapped keys of before are worthless."""
    keyring = _keyring(tmp_path)
    keyring.seal(ANN, "c1", "name", "Ann")
    path = tmp_path / "keys/personal.db"
    old = path.read_bytes()
    keyring.erase(ANN)
    keyring.close()
    assert [file.name for file in path.parent.glob("*wrap*")] == ["personal.wrap-2"]
    path.write_bytes(old)
    with pytest.raises(KeyringError, match="wrap-1"):
        Keyring(path)


def test_an_erasure_cut_short_is_cleaned_up(tmp_path: Path) -> None:
    """A wrapping key that never came into use, or was not destroyed, is gone after opening."""
    _keyring(tmp_path).close()
    stray = tmp_path / "keys/personal.wrap-7"
    stray.write_bytes(b"k" * 32)
    Keyring(tmp_path / "keys/personal.db").close()
    assert not stray.exists()
    assert (tmp_path / "keys/personal.wrap-1").exists()


def test_the_keys_are_private_and_not_the_text(tmp_path: Path) -> None:
    """Both files are readable by their owner only, and hold neither text nor bare key."""
    keyring = _keyring(tmp_path)
    keyring.seal(ANN, "c1", "name", "Ann Example")
    keyring.close()
    for name in ("personal.db", "personal.wrap-1"):
        path = tmp_path / "keys" / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"Ann Example" not in path.read_bytes()
    # The second key made is the subject's own.
    assert bytes([2]) * 32 not in (tmp_path / "keys/personal.db").read_bytes()


def test_a_changed_token_is_an_error(keyring: Keyring) -> None:
    """A token with a letter changed, another subject, or that is none, is not opened."""
    token = keyring.seal(ANN, "c1", "name", "Ann")
    keyring.seal(BOB, "c1", "name", "Bob")
    swapped = "A" if token[-5] != "A" else "B"
    for bad in (token[:-5] + swapped + token[-4:], token.replace(ANN, BOB), "Ann", ""):
        with pytest.raises(ValueError, match="token"):
            keyring.open_token(bad)


def test_a_subject_must_be_able_to_stand_in_a_token(keyring: Keyring) -> None:
    """Empty, long and dotted subjects are refused, to seal and to erase."""
    for subject in ("", "a.b", "two words", "x" * 129):
        with pytest.raises(ValueError, match="subject"):
            keyring.seal(subject, "c1", "name", "Ann")
        with pytest.raises(ValueError, match="subject"):
            keyring.erase(subject)


def test_reveal_opens_every_token_in_a_text(keyring: Keyring) -> None:
    """Tokens among other words are replaced; erased ones say so; look-alikes stay."""
    ann, bob = keyring.seal(ANN, "c1", "n", 'A "quote"'), keyring.seal(BOB, "c1", "n", "Bob")
    assert keyring.reveal(f"To {ann}, from {bob}.") == 'To A "quote", from Bob.'
    keyring.erase(BOB)
    assert keyring.reveal(f"{ann} and {bob}") == 'A "quote" and (erased)'
    look_alike = "~p1.customer:ann." + "A" * 40
    assert keyring.reveal(look_alike) == look_alike
    assert replace_tokens("no token", lambda _: None) == "no token"


def test_events_are_sealed_field_by_field(keyring: Keyring) -> None:
    """Every marked field becomes a token about its subject, nested ones too, the rest stays."""
    event = Registered(
        ANN,
        "Ann",
        points=3,
        phone="555-0100",
        addresses=(Address(ANN, "1 High Street"), Address(BOB, "2 Low Street"), Address(BOB, "")),
    )
    sealed = seal_fields(event, "c1", keyring, path="0:customer.registered/1")
    assert (sealed.customer_id, sealed.points, sealed.note) == (ANN, 3, None)
    assert sealed.phone is not None
    assert keyring.open_token(sealed.name) == "Ann"
    assert keyring.open_token(sealed.phone) == "555-0100"
    assert [keyring.reveal(address.street) for address in sealed.addresses] == [
        "1 High Street",
        "2 Low Street",
        "",
    ]
    assert is_token(sealed.addresses[1].street, BOB)
    assert b"High Street" not in canonical(unstructure(sealed))
    assert seal_fields(event, "c1", keyring, path="0:customer.registered/1") == sealed
    assert seal_fields(sealed, "c2", keyring) is sealed
    assert seal_fields([event, 5], "c1", keyring)[1] == 5


def test_a_token_typed_by_somebody_is_text(keyring: Keyring) -> None:
    """Another person's token in a field is sealed as it stands, so it reveals nothing of them."""
    bobs = keyring.seal(BOB, "c1", "name", "Bob's secret")
    sealed = seal_fields(Address(ANN, bobs), "c2", keyring)
    assert is_token(sealed.street, ANN)
    assert keyring.reveal(sealed.street) == bobs


def test_the_subject_may_be_named_otherwise(keyring: Keyring) -> None:
    """A caller can say who a field is about."""
    sealed = seal_fields(
        Address("7", "1 High Street"),
        "c1",
        keyring,
        subject_of=lambda owner, field: f"customer:{getattr(owner, field)}",
    )
    assert is_token(sealed.street, "customer:7")


def test_marked_fields_are_known_and_checked(keyring: Keyring) -> None:
    """A class lists its personal fields; one that names no neighbour is an error of the code."""
    fields = personal_fields(Registered)
    assert fields == dict.fromkeys(("name", "phone", "note"), "customer_id")
    with pytest.raises(TypeError, match="customre_id"):
        seal_fields(Misspelt("x"), "c1", keyring)


def test_marked_fields_cross_the_wire_as_text() -> None:
    """Marking a field changes nothing about how it is encoded."""
    event = Registered(ANN, "Ann", phone="1", addresses=(Address(ANN, "x"),))
    assert structure(unstructure(event), Registered) == event


def test_the_chain_verifies_after_an_erasure(
    tmp_path: Path, keyring: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    """The journal holds tokens only; once the key is gone the records are the same and sound."""
    path = tmp_path / "journal.db"
    (fact,) = sample_entry(1).records
    sealed = seal_fields(Registered(ANN, "Ann Example"), fact.command_id, keyring)
    fact = attrs.evolve(fact, data=unstructure(sealed))
    with Journal.open(path, store_id="s", reserve_bytes=0) as journal:
        journal.append([Entry(fact.command_id, b"h", b"ok", (fact,))])
        head = journal.head()
    keyring.erase(ANN)
    with Journal.open(path, reserve_bytes=0) as journal:
        assert journal.verify_all() == head
        assert keyring.reveal(journal.read(0, 1)[0].data["name"]) == "(erased)"
    assert b"Ann Example" not in path.read_bytes()
    assert verify([str(path)]) == 0
    assert "All well" in capsys.readouterr().out


@pytest.mark.parametrize("is_gone", [True, False])
def test_keys_that_are_gone_are_not_begun_anew_beside_their_wrapping_key(
    tmp_path: Path, *, is_gone: bool
) -> None:
    """Begun anew it would destroy that one, and with it the keys that are put back later."""
    keyring = _keyring(tmp_path)
    token = keyring.seal("customer/1", "c1", "name", "Ana")
    keyring.erase("customer/2")
    keyring.close()
    file = keyring.path
    kept = file.read_bytes()
    file.unlink()
    if not is_gone:
        file.touch()
    with pytest.raises(KeyringError, match=r"personal\.wrap-2 beside it is not"):
        _keyring(tmp_path)
    file.write_bytes(kept)
    back = _keyring(tmp_path)
    assert "Ana" == back.open_token(token)
    back.close()


def test_a_first_start_that_was_cut_short_goes_on(tmp_path: Path) -> None:
    """What it left of the first wrapping key is no sign of keys that are gone."""
    keyring = _keyring(tmp_path)
    folder = keyring.path.parent
    keyring.close()
    keyring.path.unlink()
    (folder / "personal.wrap-1").rename(folder / "personal.wrap-1.partial")
    again = _keyring(tmp_path)
    again.seal("customer/1", "c1", "name", "Ana")
    again.close()


@pytest.mark.parametrize(
    "statement", ["DELETE FROM meta", "UPDATE meta SET value = 'x' WHERE key = 'wrapping'"]
)
def test_keys_that_name_no_wrapping_key_are_refused(tmp_path: Path, statement: str) -> None:
    """The file is whole and says something impossible: that is told, as any damage is."""
    keyring = _keyring(tmp_path)
    keyring.close()
    with closing(sqlite3.connect(keyring.path)) as db, db:
        db.execute(statement)
    with pytest.raises(KeyringError, match="does not say which wrapping key"):
        _keyring(tmp_path)


def test_files_that_are_no_keys_are_refused(tmp_path: Path) -> None:
    """Garbage, another database, and a missing or short wrapping key say what to restore."""
    garbage = tmp_path / "a.db"
    garbage.write_bytes(b"garbage" * 999)
    with pytest.raises(KeyringError, match="Restore"):
        Keyring(garbage)
    Journal.open(tmp_path / "journal.db", store_id="s", reserve_bytes=0).close()
    with pytest.raises(KeyringError, match="not a file of personal keys"):
        Keyring(tmp_path / "journal.db")
    Keyring(tmp_path / "k.db").close()
    wrapping = tmp_path / "k.wrap-1"
    wrapping.write_bytes(b"short")
    with pytest.raises(KeyringError, match="32 bytes"):
        Keyring(tmp_path / "k.db")
    wrapping.unlink()
    with pytest.raises(KeyringError, match="Restore"):
        Keyring(tmp_path / "k.db")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(), command_id=st.text(max_size=40), field=st.text(max_size=40))
def test_any_text_survives(keyring: Keyring, text: str, command_id: str, field: str) -> None:
    """Opening what was sealed gives the text, whatever it is."""
    token = keyring.seal(ANN, command_id, field, text)
    assert keyring.open_token(token) == text
    assert keyring.reveal(f"<{token}>") == f"<{text}>"
