"""The seal of local messages: what another library sealed, and everything that breaks it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.terminal.nexo.crypto import KeyRefusedError, Sealed, SecurityKey, seal, unseal
from hardware.terminal.nexo.reading import MessageError, read_json
from tests.hardware.nexo_vectors import VECTORS, Vector
from tests.native import nexo_twin as twin

KEY = SecurityKey("store-1", 1, "p@ssw0rd123456")
PLAIN = b'{"SaleToPOIResponse":{"Result":"Success"}}'
SIDE = "SaleToPOIResponse"
NONCE = bytes(range(16))

every = pytest.mark.parametrize("vector", [pytest.param(one, id=one.name) for one in VECTORS])


def envelope(sealed: Sealed) -> bytes:
    """A message of nothing but its seal."""
    trailer = {
        "AdyenCryptoVersion": sealed.crypto_version,
        "KeyIdentifier": sealed.key_identifier,
        "KeyVersion": sealed.key_version,
        "Nonce": sealed.nonce,
        "Hmac": sealed.mac,
    }
    return orjson.dumps({SIDE: {"NexoBlob": sealed.blob, "SecurityTrailer": trailer}})


def code_of(sealed: Sealed, key: SecurityKey = KEY) -> str:
    """Why it is refused."""
    with pytest.raises(MessageError) as caught:
        unseal(envelope(sealed), key)
    return caught.value.code


def changed(sealed: Sealed, name: str, text: str) -> Sealed:
    """With one of its texts replaced."""
    texts: dict[str, Any] = {name: text}
    return attrs.evolve(sealed, **texts)


@every
def test_what_another_library_sealed(vector: Vector) -> None:
    """A message sealed by the published library opens, and sealing it again gives the same."""
    plain, nonce = vector.plain.encode(), b64decode(vector.sealed.nonce)
    assert plain == twin.unseal(vector.sealed.blob, vector.sealed.mac, vector.key.passphrase, nonce)
    side, header, told = unseal(envelope(vector.sealed), vector.key)
    assert (SIDE, None, read_json(plain)) == (side, header, told)
    assert vector.sealed == seal(plain, vector.key, nonce)


@given(st.binary(max_size=400), st.binary(min_size=16, max_size=16))
def test_any_bytes_are_sealed_as_others_seal_them(plain: bytes, nonce: bytes) -> None:
    """The floor and another implementation seal alike, and no two nonces do."""
    sealed = seal(plain, KEY, nonce)
    assert (sealed.blob, sealed.mac) == twin.seal(plain, KEY.passphrase, nonce)
    assert plain == twin.unseal(sealed.blob, sealed.mac, KEY.passphrase, nonce)
    other = seal(plain, KEY, bytes(16) if nonce != bytes(16) else NONCE)
    assert sealed.blob != other.blob
    assert sealed.mac == other.mac, "the MAC is over the plain text"


@given(st.text(max_size=300), st.binary(min_size=16, max_size=16))
def test_what_others_seal_is_opened(text: str, nonce: bytes) -> None:
    """Whatever text another implementation seals comes out as it does unsealed."""
    plain = orjson.dumps({SIDE: {"Result": text}})
    blob, mac = twin.seal(plain, KEY.passphrase, nonce)
    sealed = Sealed(blob, mac, b64encode(nonce).decode(), KEY.identifier, KEY.version)
    assert (SIDE, None, read_json(plain)) == unseal(envelope(sealed), KEY)


@every
def test_every_flipped_bit_breaks_it(vector: Vector) -> None:
    """One bit of the sealed bytes, the MAC or the nonce: refused, and always by the same word."""
    codes = set()
    for name in ("blob", "mac", "nonce"):
        data = bytearray(b64decode(getattr(vector.sealed, name)))
        for bit in range(len(data) * 8):
            data[bit // 8] ^= 1 << bit % 8
            spoiled = changed(vector.sealed, name, b64encode(bytes(data)).decode())
            codes.add(code_of(spoiled, vector.key))
            data[bit // 8] ^= 1 << bit % 8
    assert {"seal_broken"} == codes


@every
def test_every_truncation_is_refused(vector: Vector) -> None:
    """What lacks its end, in bytes or in letters, never opens."""
    seen = set()
    for name in ("blob", "mac", "nonce"):
        text = getattr(vector.sealed, name)
        for length in range(len(text)):
            seen.add(code_of(changed(vector.sealed, name, text[:length]), vector.key))
        data = b64decode(text)
        for length in range(len(data)):
            cut = b64encode(data[:length]).decode()
            seen.add(code_of(changed(vector.sealed, name, cut), vector.key))
    assert seen <= {"blob_wrong", "nonce_wrong", "seal_broken"}


def test_another_key_is_named() -> None:
    """What the clear part tells is told; which passphrase was wrong is not."""
    sealed = seal(PLAIN, KEY, NONCE)
    assert "crypto_version_other" == code_of(attrs.evolve(sealed, crypto_version=2))
    assert "key_identifier_other" == code_of(attrs.evolve(sealed, key_identifier="store-2"))
    assert "key_version_other" == code_of(attrs.evolve(sealed, key_version=2))
    assert "key_version_other" == code_of(sealed, attrs.evolve(KEY, version=2))
    assert "nonce_wrong" == code_of(attrs.evolve(sealed, nonce="AAAA"))
    assert "blob_wrong" == code_of(attrs.evolve(sealed, blob=sealed.blob + "\n"))
    assert "blob_wrong" == code_of(attrs.evolve(sealed, blob=""))
    assert "seal_broken" == code_of(sealed, attrs.evolve(KEY, passphrase="p@ssw0rd123457"))


def test_keys_that_work_at_both_ends() -> None:
    """A passphrase that two implementations would turn into other bytes is not taken."""
    for passphrase, code in (
        ("", "passphrase_must_not_be_empty"),
        ("pässwörd", "passphrase_must_be_ascii"),
        ("tab\there", "passphrase_must_be_ascii"),
        ("x" * 256, "passphrase_too_long"),
    ):
        with pytest.raises(KeyRefusedError) as caught:
            SecurityKey("k", 1, passphrase)
        assert code == caught.value.code
    for identifier, version in (("", 1), ("k", -1), ("k", 2**31)):
        with pytest.raises(KeyRefusedError) as caught:
            SecurityKey(identifier, version, "x")
        assert "key_must_be_named" == caught.value.code


def test_a_key_is_not_told_by_accident() -> None:
    """Neither the passphrase nor what follows from it stands in what is written of a key."""
    assert "p@ssw0rd" not in repr(KEY)
    with pytest.raises(ValueError, match="16 bytes"):
        seal(PLAIN, KEY, b"short")
