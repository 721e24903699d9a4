"""The serial link of a terminal: acknowledged, repeated, told from its repeats."""

from __future__ import annotations

from hardware.terminal.limits import BYTE_GAP_NS, LINE_ACK_NS, LINE_REPEATS_MAX
from hardware.terminal.zvt.line import ACK, NAK, SerialLine, TcpLine
from native import ZvtLink, ZvtMessage, zvt_encode, zvt_frame

ONE = bytes.fromhex("061800")
TWO = bytes.fromhex("067000")
SHOW = zvt_encode(0x04FF, [("status", 0x0A)])


def message(apdu: bytes) -> ZvtMessage:
    """As the floor hands it on."""
    (event,) = ZvtLink(is_serial=True).feed(zvt_frame(apdu))
    assert not isinstance(event, str)
    return event


def test_one_frame_at_a_time() -> None:
    """The second is written once the first was acknowledged."""
    line = SerialLine()
    assert line.send(ONE, 0) == zvt_frame(ONE)
    assert line.send(TWO, 0) == b""
    assert line.heard("ack", 1).write == zvt_frame(TWO)
    assert line.heard("ack", 2).write == b""
    assert line.deadline_ns is None
    assert line.heard("nak", 3).write == b""


def test_repeated_and_given_up() -> None:
    """No acknowledgement in T2, or a NAK: the frame again, twice; then the line is dead."""
    line = SerialLine()
    line.send(ONE, 0)
    assert line.tick(LINE_ACK_NS - 1).write == b""
    assert line.tick(LINE_ACK_NS).write == zvt_frame(ONE)
    assert line.heard("nak", LINE_ACK_NS + 1).write == zvt_frame(ONE)
    assert line.repeated == LINE_REPEATS_MAX
    assert line.heard("nak", LINE_ACK_NS + 2).is_broken


def test_every_good_frame_is_acknowledged_first() -> None:
    """The acknowledgement goes out before anything is made of the frame; a bad one is refused."""
    line = SerialLine()
    heard = line.heard(message(SHOW), 0)
    assert heard.write == ACK
    assert heard.message is not None
    assert heard.message.control == 0x04FF
    for bad in ("bad_check", "bad_form", "too_long"):
        assert line.heard(bad, 0).write == NAK


def test_a_lost_acknowledgement_is_no_second_message() -> None:
    """The same frame while our answer waits is acknowledged again and told once; after our
    answer arrived it is a new one."""
    line = SerialLine()
    assert line.heard(message(SHOW), 0).message is not None
    line.send(ONE, 0)
    again = line.heard(message(SHOW), 1)
    assert (again.write, again.message, line.duplicates) == (ACK, None, 1)
    line.heard("ack", 2)
    assert line.heard(message(SHOW), 3).message is not None


def test_an_answer_acknowledges_what_it_answers() -> None:
    """A frame that comes instead of the acknowledgement says that ours arrived."""
    line = SerialLine()
    line.send(ONE, 0)
    heard = line.heard(message(bytes.fromhex("800000")), 1)
    assert heard.message is not None
    assert line.deadline_ns is None
    assert line.send(TWO, 2) == zvt_frame(TWO)


def test_a_gap_within_a_frame() -> None:
    """A frame that stops in the middle for longer than T1 is asked for again."""
    line = SerialLine()
    line.gap(is_partial=True, now_ns=0)
    assert line.tick(BYTE_GAP_NS - 1).write == b""
    heard = line.tick(BYTE_GAP_NS)
    assert (heard.write, heard.drops_partial) == (NAK, True)
    line.gap(is_partial=True, now_ns=0)
    line.gap(is_partial=False, now_ns=1)
    assert line.deadline_ns is None


def test_tcp_is_as_it_is() -> None:
    """On TCP there is nothing to acknowledge, and a stream astray is closed."""
    line = TcpLine()
    assert line.send(ONE, 0) == ONE
    assert line.heard(message(SHOW), 0).message is not None
    assert line.heard("bad_form", 0).is_broken
    assert not line.tick(10**15).is_broken


def test_what_may_be_said_again_is_marked() -> None:
    """A frame that is the one before it, byte for byte, may be that one once more, also after an
    answer of ours arrived between."""
    line = SerialLine()
    busy, ok = message(bytes.fromhex("849c00")), message(bytes.fromhex("800000"))
    assert not line.heard(busy, 0).is_again
    line.send(ONE, 0)
    line.heard("ack", 0)
    assert line.heard(busy, 1).is_again
    assert not line.heard(ok, 2).is_again
    assert not line.heard(busy, 3).is_again
