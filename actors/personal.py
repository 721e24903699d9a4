"""The keys of persons: seals personal text into tokens, opens them, and erases a person for good.

Every subject has a random 256-bit key. It is stored wrapped (RFC 3394) by a key that lies in a file
of its own and is replaced at every erasure: what an erased row leaves behind in free pages, logs or
old copies of this file alone can then no longer be unwrapped. A backup that holds both files brings
erased persons back, so after restoring one the erasures since must be repeated.

Text is sealed by AES-256-GCM. The 96-bit nonce is HMAC-SHA256 over command id, field path and text
under the subject's own nonce key, so repeating a command gives the same token, and two texts never
share a nonce even where a command names the same field twice.

Source: NIST SP 800-38D (GCM); RFC 3394 (key wrap); RFC 2104 (HMAC).
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import cast

import apsw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from actors.disk import SYSTEM_DISK, Disk
from actors.errors import ToldError
from engine.personal import ERASED, TOKEN, is_subject, replace_tokens

APPLICATION_ID = 0x4354504B
"""ASCII `CTPK`."""

_PREFIX = "~p1."
_NONCE_BYTES = 12
_CACHED_SUBJECTS = 10_000
_CACHED_TEXTS = 1_000
_TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT",
    # An erased subject keeps its row without a key, so that it can never be given a new one.
    "CREATE TABLE subjects (subject TEXT PRIMARY KEY, wrapped BLOB) STRICT",
    "INSERT INTO meta (key, value) VALUES ('wrapping', 1)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    "PRAGMA user_version = 1",
)


class KeyringError(ToldError):
    """The keys cannot be used; nothing was sealed or erased."""


class SubjectErasedError(KeyringError):
    """Text about an erased person was to be sealed; a person who returns gets a new subject id."""


def _new_key() -> bytes:
    return AESGCM.generate_key(256)


class Keyring:
    """Owns the subjects' keys. Synchronous; called on one thread at a time, with the journal.

    A new subject's key is durable before `seal` returns, so no token outlives its key by a crash.
    """

    def __init__(
        self,
        path: Path,
        *,
        new_key: Callable[[], bytes] = _new_key,
        disk: Disk = SYSTEM_DISK,
    ) -> None:
        """Open the keys at `path`, or make the file; the wrapping key lies beside it, 0600.

        Raises:
            KeyringError: not a file of keys, or its wrapping key is missing or another one.
        """
        self.path = Path(path)
        self._new_key = new_key
        self._disk = disk
        self._keys: dict[str, tuple[AESGCM, bytes]] = {}
        self._opened: dict[str, str] = {}
        try:
            disk.make_folder(self.path.parent, 0o700)
            if disk.size(self.path) is None:
                disk.write(self.path, b"", 0o600)
            self._db = disk.connect(self.path)
        except (OSError, apsw.Error) as error:
            raise self._unusable(error) from error
        try:
            self._prepare()
            self._wrapping = self._load_wrapping()
        except (OSError, apsw.Error, ValueError) as error:
            self._db.close()
            raise self._unusable(error) from error
        except BaseException:
            self._db.close()
            raise

    def _unusable(self, error: object) -> KeyringError:
        return KeyringError(
            f"The personal keys {self.path} cannot be used ({error}). Personal fields can neither "
            "be stored nor shown. Restore the keys directory from its backup."
        )

    def _prepare(self) -> None:
        db = self._db
        db.set_busy_timeout(5_000)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA trusted_schema = OFF")
        if db.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
            self._require_new()
            # The first wrapping key exists before anything can be wrapped with it.
            if self._disk.size(self._wrapping_path(1)) is None:
                self._write_wrapping(1, self._new_key())
            with db:
                for statement in _TABLES:
                    db.execute(statement)
            self._disk.sync_folder(self.path.parent)
        if db.pragma("application_id") != APPLICATION_ID or db.pragma("user_version") != 1:
            raise KeyringError(f"{self.path} is not a file of personal keys of this version.")

    def _require_new(self) -> None:
        """Refuse an empty file beside the key of an erasure: what was wrapped with that one was in
        it, and begun anew it would have the key destroyed. A first start leaves only number 1."""
        for name in self._disk.names(self.path.parent):
            number = name.removeprefix(f"{self.path.stem}.wrap-")
            if number != name and number.isdigit() and number != "1":
                raise ValueError(f"it is missing or empty, but {name} beside it is not")

    def _wrapping_path(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.stem}.wrap-{number}")

    def _write_wrapping(self, number: int, key: bytes) -> None:
        self._disk.write_durably(self._wrapping_path(number), key, 0o600)

    def _wrapping_number(self) -> int:
        row = self._db.execute("SELECT value FROM meta WHERE key = 'wrapping'").fetchone()
        if row is None or type(row[0]) is not int:
            raise ValueError("it does not say which wrapping key is its own")
        return row[0]

    def _load_wrapping(self) -> bytes:
        number = self._wrapping_number()
        key = self._disk.read(self._wrapping_path(number))
        if len(key) != 32:
            raise ValueError("the wrapping key has another length than 32 bytes")
        # An erasure that was cut short left the key before, or one that never came into use.
        for name in self._disk.names(self.path.parent):
            other = self.path.with_name(name)
            if name.startswith(f"{self.path.stem}.wrap-") and other != self._wrapping_path(number):
                self._destroy(other)
        return key

    def seal(self, subject: str, command_id: str, field: str, text: str) -> str:
        """The token of a text about `subject`, made for one field of one command.

        Raises:
            ValueError: the subject cannot stand in a token.
            SubjectErasedError: the subject was erased.
            KeyringError: the key could not be stored.
        """
        cipher, nonce_key = self._key_of(subject, create=True)
        plain = text.encode()
        nonce = _nonce(nonce_key, command_id.encode(), field.encode(), plain)
        sealed = nonce + cipher.encrypt(nonce, plain, subject.encode())
        return f"{_PREFIX}{subject}.{urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def open_token(self, token: str) -> str | None:
        """The text behind a token; None where the subject was erased or is not known here.

        Raises:
            ValueError: not a token, or one that was changed.
        """
        match = TOKEN.fullmatch(token)
        if match is None:
            raise ValueError("not a personal token")
        subject, encoded = match.groups()
        try:
            cipher, _ = self._key_of(subject, create=False)
        except SubjectErasedError:
            return None
        sealed = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        try:
            plain = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], subject.encode())
        except InvalidTag:
            raise ValueError("the personal token was changed") from None
        return plain.decode()

    def reveal(self, text: str) -> str:
        """The text with every token in it opened, or replaced by `(erased)`."""
        return replace_tokens(text, self._open_or_keep)

    def _open_or_keep(self, token: str) -> str | None:
        # Whoever is signed on is named in each view of a register.
        if token in self._opened:
            return self._opened[token]
        # What only looks like a token, typed by a person perhaps, is shown as it stands.
        try:
            text = self.open_token(token)
        except ValueError:
            return token
        if len(self._opened) >= _CACHED_TEXTS:
            self._opened.clear()
        if text is not None:
            self._opened[token] = text
        return text

    def erase(self, subject: str) -> None:
        """Destroy the subject's key, durably; every token of it is unreadable from then on.

        All other keys are wrapped anew and the old wrapping key is overwritten. Erasing twice, or
        someone unknown, does no harm.

        Raises:
            KeyringError: nothing was erased; try again.
        """
        if not is_subject(subject):
            raise ValueError(f"{subject!r} cannot name a subject")
        try:
            self._erase(subject)
        except (OSError, apsw.Error, InvalidUnwrap) as error:
            raise self._unusable(error) from error

    def _erase(self, subject: str) -> None:
        number = self._wrapping_number() + 1
        wrapping = self._new_key()
        self._write_wrapping(number, wrapping)
        db = self._db
        with db:
            db.execute(
                "INSERT INTO subjects (subject, wrapped) VALUES (?, NULL) "
                "ON CONFLICT (subject) DO UPDATE SET wrapped = NULL",
                (subject,),
            )
            rows = db.execute(
                "SELECT subject, wrapped FROM subjects WHERE wrapped IS NOT NULL"
            ).fetchall()
            db.executemany(
                "UPDATE subjects SET wrapped = ? WHERE subject = ?",
                [
                    (aes_key_wrap(wrapping, aes_key_unwrap(self._wrapping, old)), name)
                    for name, old in cast(list[tuple[str, bytes]], rows)
                ],
            )
            db.execute("UPDATE meta SET value = ? WHERE key = 'wrapping'", (number,))
        self._wrapping = wrapping
        self._forget()
        self._destroy(self._wrapping_path(number - 1))
        db.execute("VACUUM")

    def _destroy(self, path: Path) -> None:
        size = self._disk.size(path)
        if size is not None:
            self._disk.overwrite(path, bytes(size))
            self._disk.remove(path)
            self._disk.sync_folder(path.parent)

    def _row_of(self, subject: str) -> tuple[bytes | None] | None:
        row = self._db.execute(
            "SELECT wrapped FROM subjects WHERE subject = ?", (subject,)
        ).fetchone()
        return cast(tuple[bytes | None] | None, row)

    def _key_of(self, subject: str, *, create: bool) -> tuple[AESGCM, bytes]:
        known = self._keys.get(subject)
        if known is not None:
            return known
        if not is_subject(subject):
            raise ValueError(f"{subject!r} cannot name a subject")
        try:
            row = self._row_of(subject)
            if row is None and create:
                key = self._new_key()
                self._db.execute(
                    "INSERT INTO subjects (subject, wrapped) VALUES (?, ?)",
                    (subject, aes_key_wrap(self._wrapping, key)),
                )
            elif row is None or row[0] is None:
                raise SubjectErasedError(f"The data of {subject} was erased or never stored here.")
            else:
                key = aes_key_unwrap(self._wrapping, row[0])
        except (apsw.Error, InvalidUnwrap) as error:
            raise self._unusable(error) from error
        if len(self._keys) >= _CACHED_SUBJECTS:
            self._keys.clear()
        made = AESGCM(_derive(key, b"text")), _derive(key, b"nonce")
        self._keys[subject] = made
        return made

    def _forget(self) -> None:
        self._keys.clear()
        self._opened.clear()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._forget()
        self._db.close()


def _derive(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, b"countertop.personal.v1\0" + purpose, hashlib.sha256)


def _nonce(key: bytes, *parts: bytes) -> bytes:
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(key, framed, hashlib.sha256)[:_NONCE_BYTES]


__all__ = ["ERASED", "Keyring", "KeyringError", "SubjectErasedError"]
