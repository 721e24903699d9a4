"""Objects of chips and terminals, against readers that others wrote.

`pyemv` and `ber-tlv` (MIT) are among the packages of development; `node-tlv` (MIT) is used where
`COUNTERTOP_NODE_TLV` names the folder it is installed in.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import native

# Every length of a tag and of a length, and no tag whose value is kept back.
PLAIN = (0x82, 0x95, 0x9C, 0x5F2A, 0x9F02, 0x9F10, 0x9F26, 0x9F37, 0x9F36, 0x8A)
UNKNOWN = (0xC1, 0xD5, 0x9F7F, 0xDF01, 0xDF8F01, 0xDF8E8101)
HOLDING = (0x70, 0x77, 0xE1, 0xBF0C, 0xFF8101)
SHORT = 6  # of what nobody knows, so that no card number could be in it
FOLDER = os.environ.get("COUNTERTOP_NODE_TLV", "")
NODE = shutil.which("node") or ""
Objects = list[tuple[int, Any]]


def is_no_object(value: bytes) -> bool:
    """Whether it does not read as objects: in those a PIN is looked for, and taken out."""
    try:
        native.emv_decode(value)
    except native.CoreError:
        return True
    return not value


LEAVES = st.one_of(
    st.tuples(st.sampled_from(PLAIN), st.binary(max_size=300)),
    st.tuples(st.sampled_from(UNKNOWN), st.binary(max_size=SHORT).filter(is_no_object)),
)
TREES: st.SearchStrategy[Objects] = st.recursive(
    st.lists(LEAVES, max_size=5, unique_by=lambda one: one[0]),
    lambda inner: st.lists(
        st.one_of(LEAVES, st.tuples(st.sampled_from(HOLDING), inner)),
        max_size=5,
        unique_by=lambda one: one[0],
    ),
    max_leaves=20,
)


def as_names(objects: Objects) -> dict[str, Any]:
    """As `pyemv` has it: tags in hexadecimal, each once."""
    return {
        f"{tag:X}": as_names(value) if isinstance(value, list) else value for tag, value in objects
    }


def without_small_holders(objects: Objects) -> bool:
    """Whether `ber-tlv` goes into every holder: it takes one of two bytes or fewer for bytes."""
    return all(
        not isinstance(value, list)
        or (len(native.emv_encode(value)) > 2 and without_small_holders(value))
        for _, value in objects
    )


@pytest.mark.feature("PAY-08", part="objects are read as independent readers read them")
@given(TREES)
def test_as_pyemv_reads_and_writes(objects: Objects) -> None:
    """What either writes the other reads, and both write the same bytes."""
    tlv = pytest.importorskip("pyemv.tlv", reason="install pyemv to compare with it")
    data = native.emv_encode(objects)
    assert tlv.decode(data) == as_names(objects)
    assert tlv.encode(as_names(objects)) == data
    assert native.emv_decode(data) == objects


@given(TREES, st.integers(0, 10_000))
def test_what_is_cut_off_is_refused_as_pyemv_does(objects: Objects, cut: int) -> None:
    """A message that ends within an object is refused by both; one that ends between two, by
    neither."""
    tlv = pytest.importorskip("pyemv.tlv", reason="install pyemv to compare with it")
    data = native.emv_encode(objects)
    data = data[: cut % (len(data) + 1)]
    try:
        theirs = tlv.decode(data)
    except tlv.DecodeError:
        with pytest.raises(native.CoreError, match="not TLV"):
            native.emv_decode(data)
    else:
        assert as_names(native.emv_decode(data)) == theirs


@given(TREES)
def test_as_ber_tlv_reads_and_writes(objects: Objects) -> None:
    """The same against another reader, which keeps order and repetitions."""
    ber = pytest.importorskip("ber_tlv.tlv", reason="install ber-tlv to compare with it").Tlv
    assume(without_small_holders(objects))
    data = native.emv_encode(objects)
    assert ber.build(objects) == data
    assert ber.parse(data) == objects
    twice = objects + objects
    assert ber.parse(native.emv_encode(twice)) == native.emv_decode(ber.build(twice)) == twice


def as_texts(objects: Objects) -> list[list[Any]]:
    """As `node-tlv` has it: in order, tags and values in hexadecimal."""
    return [
        [f"{tag:X}", as_texts(value) if isinstance(value, list) else value.hex().upper()]
        for tag, value in objects
    ]


def drawn(chance: Random, depth: int) -> Objects:
    """Some objects, within one another so deep; the same for the same chance."""
    made: Objects = []
    for _ in range(chance.randrange(6)):
        kind = chance.randrange(3 if depth else 2)
        if kind == 2:
            made.append((chance.choice(HOLDING), drawn(chance, depth - 1)))
        elif kind == 1:
            made.append((chance.choice(UNKNOWN), chance.randbytes(chance.randrange(SHORT + 1))))
        else:
            made.append((chance.choice(PLAIN), chance.randbytes(chance.randrange(301))))
    return made


@pytest.mark.skipif(
    not (FOLDER and NODE and (Path(FOLDER) / "node_modules/node-tlv").is_dir()),
    reason="npm install node-tlv@1.5.14, and name its folder in COUNTERTOP_NODE_TLV",
)
def test_as_node_tlv_reads_and_writes() -> None:
    """Another language's reader finds the same objects in the same order, and writes them back."""
    chance = Random(2026)
    messages = [drawn(chance, 3) for _ in range(500)]
    written = [native.emv_encode(objects).hex().upper() for objects in messages]
    done = subprocess.run(
        [NODE, str(Path(__file__).with_name("terminal_peers.js"))],
        input=json.dumps(written),
        env={**os.environ, "NODE_PATH": str(Path(FOLDER) / "node_modules")},
        capture_output=True,
        text=True,
        check=True,
    )
    for objects, data, found in zip(messages, written, json.loads(done.stdout), strict=True):
        assert found == {"read": as_texts(objects), "written": data}
