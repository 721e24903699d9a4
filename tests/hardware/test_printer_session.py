"""The conversation with a printer, step by step, without a cable."""

from __future__ import annotations

import pytest

from hardware.limits import (
    CONFIRM_FALLBACK_NS,
    CONFIRM_TIMEOUT_NS,
    STATUS_BLOCKED_EVERY_NS,
    STATUS_IDLE_EVERY_NS,
    STATUS_REPLY_TIMEOUT_NS,
    STATUS_TRIES_MAX,
)
from hardware.printer import codec
from hardware.printer.profile import PROFILES
from hardware.printer.session import (
    Action,
    Clear,
    End,
    Ended,
    Phase,
    PrinterSession,
    Reported,
    Send,
    Silent,
)
from hardware.printer.status import PrinterStatus, auto_bytes, real_time_byte

GOOD = PrinterStatus(drawer_high=False)
NO_PAPER = PrinterStatus(paper="out", drawer_high=False)
CHUNKS = (b"one\n", b"two\n", b"three\n")
MARK = b"mk01"
DONE = b"\x37\x22" + MARK + b"\x00"


class Bench:
    """A session with a printer of a given status; `sent` is what reached it, questions apart."""

    def __init__(self, profile: str = "epson") -> None:
        self.session = PrinterSession(PROFILES[profile])
        self.status = GOOD
        self.now_ns = 0
        self.sent: list[bytes] = []
        self.seen: list[Action] = []
        self.deaf = False

    def take(self, actions: list[Action]) -> None:
        """Carry out actions, answering questions at once."""
        for action in actions:
            if not isinstance(action, Send):
                self.seen.append(action)
            elif action.data.startswith(b"\x10\x04"):
                if not self.deaf:
                    byte = real_time_byte(action.data[2], self.status)
                    self.take(self.session.received(bytes([byte]), self.now_ns))
            else:
                self.sent.append(action.data)

    def open(self) -> Bench:
        self.take(self.session.opened(self.now_ns))
        self.sent.clear()
        self.seen.clear()
        return self

    def wait(self, step_ns: int) -> None:
        self.now_ns += step_ns
        self.take(self.session.tick(self.now_ns))

    def offer(self) -> None:
        self.take(self.session.offer(self.now_ns))

    def go(self) -> None:
        self.take(self.session.go(CHUNKS, MARK, self.now_ns))

    def hear(self, data: bytes) -> None:
        self.take(self.session.received(data, self.now_ns))


def test_a_good_day() -> None:
    """Asked first, then chunk by chunk, then confirmed by its own marker."""
    bench = Bench().open()
    bench.offer()
    assert bench.sent == []
    assert bench.seen == [Clear()]
    bench.go()
    assert bench.sent == [b"one\n", b"two\n", b"three\n" + codec.process_id(MARK)]
    bench.hear(b"\x37\x22else\x00")
    assert Ended(End.PRINTED) not in bench.seen
    bench.hear(DONE)
    assert bench.seen[-1] == Ended(End.PRINTED)
    assert bench.session.phase is Phase.IDLE


def test_opening_clears_half_a_command_and_asks_how_it_is() -> None:
    """A new connection clears the buffer first, by a command that acts even inside another, then
    resets the printer, asks for its status and reports it."""
    bench = Bench()
    bench.take(bench.session.opened(0))
    assert bench.sent == [codec.CLEAR_BUFFER + codec.INIT + codec.AUTO_STATUS_ON]
    assert bench.seen == [Reported(GOOD)]


def test_nothing_is_sent_without_paper() -> None:
    """Without paper the status is reported and asked again each second until a roll is in."""
    bench = Bench().open()
    bench.status = NO_PAPER
    bench.offer()
    for _ in range(3):
        bench.wait(STATUS_BLOCKED_EVERY_NS)
    assert [action.status.code for action in bench.seen if isinstance(action, Reported)] == [
        "paper_out"
    ]
    assert bench.sent == []
    bench.status = GOOD
    bench.wait(STATUS_BLOCKED_EVERY_NS)
    assert bench.seen[-1] == Clear()


def test_a_stale_good_status_does_not_count() -> None:
    """A question asked before the job came is not taken as the answer for it."""
    bench = Bench().open()
    bench.deaf = True
    bench.wait(STATUS_IDLE_EVERY_NS)
    bench.offer()
    bench.deaf = False
    stale = real_time_byte(1, GOOD)
    bench.status = NO_PAPER
    bench.hear(bytes([stale]))
    assert Clear() not in bench.seen
    assert bench.session.status is not None
    assert bench.session.status.code == "paper_out"


def test_paper_out_in_the_middle() -> None:
    """When the paper ends in a job the rest waits, and goes out once there is paper."""
    bench = Bench().open()
    bench.offer()
    bench.status = NO_PAPER
    bench.go()
    assert bench.sent == [b"one\n"]
    assert bench.seen[-1] == Reported(PrinterStatus(True, False, "out", "", False))
    bench.status = GOOD
    bench.wait(STATUS_BLOCKED_EVERY_NS)
    assert len(bench.sent) == 3


def test_unconfirmed_is_unknown() -> None:
    """A printer that is well and never confirms leaves the job unknown, with advice."""
    bench = Bench().open()
    bench.offer()
    bench.go()
    bench.wait(CONFIRM_FALLBACK_NS)
    bench.wait(CONFIRM_TIMEOUT_NS)
    ended = bench.seen[-1]
    assert isinstance(ended, Ended)
    assert ended.end is End.UNKNOWN
    assert "look at the paper" in ended.reason


def test_falls_back_to_gs_r() -> None:
    """A printer that knows no process ids is asked by GS r, then and for later jobs."""
    bench = Bench().open()
    bench.offer()
    bench.go()
    bench.wait(CONFIRM_FALLBACK_NS)
    assert bench.sent[-1] == codec.PAPER_STATUS
    bench.hear(b"\x00")
    assert bench.seen[-1] == Ended(End.PRINTED)
    bench.offer()
    bench.go()
    assert bench.sent[-1] == b"three\n" + codec.PAPER_STATUS


def test_slow_printers_keep_their_process_ids() -> None:
    """A marker that comes after the fallback still counts, and markers stay in use."""
    bench = Bench().open()
    bench.offer()
    bench.go()
    bench.wait(CONFIRM_FALLBACK_NS)
    bench.hear(DONE + b"\x00")
    assert bench.seen[-1] == Ended(End.PRINTED)
    bench.offer()
    bench.go()
    assert bench.sent[-1] == b"three\n" + codec.process_id(MARK)


def test_waiting_for_paper_is_not_unknown() -> None:
    """While the printer says why it does not go on, the wait for confirmation goes on too."""
    bench = Bench().open()
    bench.offer()
    bench.go()
    bench.status = NO_PAPER
    for _ in range(40):
        bench.wait(STATUS_BLOCKED_EVERY_NS)
    assert not any(isinstance(action, Ended) for action in bench.seen)
    bench.status = GOOD
    bench.hear(auto_bytes(GOOD) + DONE)
    assert bench.seen[-1] == Ended(End.PRINTED)


def test_silence_is_noticed() -> None:
    """A printer that stops answering is asked a few times, then given up."""
    bench = Bench().open()
    bench.deaf = True
    bench.wait(STATUS_IDLE_EVERY_NS)
    for _ in range(STATUS_TRIES_MAX):
        assert Silent() not in bench.seen
        bench.wait(STATUS_REPLY_TIMEOUT_NS)
    assert bench.seen[-1] == Silent()


def test_broken_before_and_after_the_first_byte() -> None:
    """A connection lost before the first byte leaves the job untouched, after it lost."""
    for started, end in ((False, End.UNTOUCHED), (True, End.LOST)):
        bench = Bench().open()
        bench.offer()
        if started:
            bench.go()
        (action,) = bench.session.closed()
        assert isinstance(action, Ended)
        assert action.end is end


def test_kicks_go_out_in_any_state() -> None:
    """A kick is a real-time command whether the printer is idle, blocked or in a job."""
    bench = Bench().open()
    kick = [Send(codec.real_time_pulse(pin=2, on_ms=100))]
    assert bench.session.kick(pin=2, on_ms=100) == kick
    bench.status = NO_PAPER
    bench.offer()
    assert bench.session.kick(pin=2, on_ms=100) == kick


def test_a_kick_is_followed_by_a_question() -> None:
    """Whether the printer is there at all is found out right after a kick: an idle one is asked
    only now and then, and a kick that waits in the system meanwhile opens its drawer too late."""
    bench = Bench().open()
    bench.deaf = True
    bench.wait(STATUS_BLOCKED_EVERY_NS)
    assert not bench.session.tick(bench.now_ns)
    bench.session.kick(pin=2, on_ms=100)
    assert bench.session.tick(bench.now_ns) == [Send(codec.status_request(1))]


def test_gs_r_confirms() -> None:
    """A printer without process ids confirms by its paper sensor, answered in turn."""
    bench = Bench("escpos").open()
    bench.offer()
    bench.go()
    assert bench.sent[-1] == b"three\n" + codec.PAPER_STATUS
    bench.hear(b"\x00")
    assert bench.seen[-1] == Ended(End.PRINTED)


@pytest.mark.parametrize("flipped", [0x01, 0x02, 0x04, 0x20, 0x80])
def test_half_a_status_confirms_nothing(flipped: int) -> None:
    """The paper ends in a receipt, and one bit of the printer's word of it is lost on the line: the
    rest of that word is no confirmation, and the receipt is not called printed."""
    bench = Bench("escpos").open()
    bench.offer()
    bench.go()
    first, *rest = auto_bytes(NO_PAPER)
    bench.hear(bytes([first ^ flipped, *rest]))
    assert not any(isinstance(action, Ended) for action in bench.seen)
    bench.hear(auto_bytes(GOOD))
    bench.wait(STATUS_BLOCKED_EVERY_NS)
    bench.hear(b"\x00")
    assert bench.seen[-1] == Ended(End.PRINTED)


def _unconfirmed(bench: Bench) -> None:
    """A receipt whose answer does not come while it is waited for."""
    bench.offer()
    bench.go()
    bench.wait(CONFIRM_TIMEOUT_NS)
    ended = next(action for action in reversed(bench.seen) if isinstance(action, Ended))
    assert ended.end is End.UNKNOWN


def test_a_late_answer_confirms_no_later_receipt() -> None:
    """Answers to GS r come in order and do not say whose they are: the next receipt is confirmed by
    one more than may come late, and by one alone again once those have come."""
    bench = Bench("escpos").open()
    _unconfirmed(bench)
    bench.offer()
    bench.go()
    assert bench.sent[-1] == b"three\n" + codec.PAPER_STATUS * 2
    bench.hear(b"\x00")
    assert Ended(End.PRINTED) not in bench.seen
    bench.hear(b"\x00")
    assert bench.seen[-1] == Ended(End.PRINTED)
    bench.hear(b"\x00")
    bench.offer()
    bench.go()
    assert bench.sent[-1] == b"three\n" + codec.PAPER_STATUS


def test_an_answer_that_was_lost_leaves_no_later_receipt_unknown() -> None:
    """A receipt behind one whose answer never comes is confirmed by its own answers."""
    bench = Bench("escpos").open()
    _unconfirmed(bench)
    for _ in range(3):
        bench.offer()
        bench.go()
        bench.hear(b"\x00" * bench.sent[-1].count(codec.PAPER_STATUS))
        assert bench.seen.pop() == Ended(End.PRINTED)


def test_a_late_answer_behind_a_marker_confirms_nothing() -> None:
    """A receipt whose marker came after all was asked about by GS r, too: that answer is its own,
    and not that of the next one which has to be asked about so."""
    bench = Bench().open()
    bench.offer()
    bench.go()
    bench.wait(CONFIRM_FALLBACK_NS)
    bench.hear(DONE)
    assert bench.seen.pop() == Ended(End.PRINTED)
    bench.offer()
    bench.go()
    bench.wait(CONFIRM_FALLBACK_NS)
    bench.hear(b"\x00")
    assert Ended(End.PRINTED) not in bench.seen
    bench.hear(b"\x00")
    assert bench.seen[-1] == Ended(End.PRINTED)


def test_a_printer_that_never_confirms_is_begun_anew() -> None:
    """More than a few answers are not waited for: a new connection clears what may still come."""
    bench = Bench("escpos").open()
    while Silent() not in bench.seen:
        _unconfirmed(bench)
        assert len(bench.seen) < 20
    bench.session.closed()
    bench.open()
    bench.offer()
    bench.go()
    assert bench.sent[-1] == b"three\n" + codec.PAPER_STATUS


def test_a_new_roll_gives_the_printer_its_time_again() -> None:
    """What was waiting for paper is printed once there is some: the wait for its confirmation
    begins then, or it would be called unknown, and printed twice, while it comes out."""
    bench = Bench("escpos").open()
    bench.offer()
    bench.go()
    bench.status = NO_PAPER
    for _ in range(CONFIRM_TIMEOUT_NS // STATUS_BLOCKED_EVERY_NS - 1):
        bench.wait(STATUS_BLOCKED_EVERY_NS)
    bench.status = GOOD
    bench.hear(auto_bytes(GOOD))
    bench.wait(2 * STATUS_BLOCKED_EVERY_NS)
    bench.hear(b"\x00")
    assert bench.seen[-1] == Ended(End.PRINTED)


def test_mute_printer() -> None:
    """A printer that cannot answer gets everything at once, and the job says it is unconfirmed."""
    bench = Bench("escpos-mute").open()
    bench.offer()
    bench.go()
    assert bench.sent == list(CHUNKS)
    ended = bench.seen[-1]
    assert isinstance(ended, Ended)
    assert ended.end is End.PRINTED
    assert "cannot confirm" in ended.reason
    assert bench.session.kick(pin=2, on_ms=100) == [Send(codec.pulse(pin=2, on_ms=100))]


def test_withdrawn() -> None:
    """A job given up before its start leaves the printer free for the next."""
    bench = Bench().open()
    bench.offer()
    bench.session.withdraw()
    assert bench.session.phase is Phase.IDLE
    assert bench.session.closed() == []
