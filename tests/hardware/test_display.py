"""Customer displays: both command sets, only what changed, the latest wins."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Accepted, DeviceState, ShowLines
from hardware.carrier import TcpCarrier
from hardware.compose import build_device
from hardware.display.codec import Protocol, Reset, VirtualDisplay, encode, fit_line
from hardware.display.fake import DisplayFake
from hardware.display.session import DisplaySession
from hardware.printer.codepages import DEFAULT_PAGE, pages_by_name
from hardware.rig import open_rig
from hardware.settings import DeviceSettings

_LINES = st.text(alphabet="aZ09 .,-äß€日\x1b\x0c\r", max_size=30)


@given(
    st.lists(st.tuples(_LINES, _LINES), max_size=6), st.sampled_from(Protocol), st.integers(1, 9)
)
def test_shows_what_it_is_told(shown: list[tuple[str, str]], protocol: Protocol, step: int) -> None:
    """After any lines, in any fragments, the cells are those of the last ones."""
    session, display = DisplaySession(protocol), VirtualDisplay(protocol)
    data = session.opened() + b"".join(session.show(top, bottom) for top, bottom in shown)
    for at in range(0, len(data), step):
        display.feed(data[at : at + step])
    top, bottom = shown[-1] if shown else ("", "")
    assert bytes(display.cells) == fit_line(top, DEFAULT_PAGE) + fit_line(bottom, DEFAULT_PAGE)
    assert not display.cursor_shown
    assert not display.unknown


def test_only_changes_are_sent() -> None:
    """A changed digit costs a cursor move and a digit; the same lines cost nothing."""
    session = DisplaySession()
    session.opened()
    session.show("Flat white      3,80", "Total           3,80")
    assert session.show("Flat white      3,80", "Total           3,80") == b""
    assert session.show("Flat white      3,80", "Total           3,90") == b"\x1f$\x13\x029"


def test_cd5220_bytes() -> None:
    """A CD5220 line is written whole, by its own command."""
    session = DisplaySession(Protocol.CD5220)
    assert session.opened() == b"\x1b@\x0c\x1b\x11\x1b_\x00"
    assert session.show("Tea", "") == b"\x1bQA" + b"Tea".ljust(20) + b"\r"
    assert session.show("Tea", "1") == b"\x1bQB" + b"1".ljust(20) + b"\r"


def test_letters_a_display_lacks() -> None:
    """Accents a table lacks are dropped, the euro becomes E, the rest a question mark."""
    assert fit_line("Käse 1€ ż 日", DEFAULT_PAGE).rstrip() == b"K\x84se 1E z ?"
    (page,) = pages_by_name(("CP858",))
    assert fit_line("1€", page).rstrip() == b"1\xd5"
    display = VirtualDisplay()
    display.feed(encode(Reset(page), Protocol.EPSON) + fit_line("1€", page))
    assert display.lines[0].rstrip() == "1€"


@pytest.mark.parametrize("protocol", Protocol)
@given(noise=st.binary(max_size=400))
def test_any_bytes(protocol: Protocol, noise: bytes) -> None:
    """No bytes raise, and a reset after them blanks the display."""
    display = VirtualDisplay(protocol)
    display.feed(noise + b"\r" * 30)
    display.feed(b"\x1b@A")
    assert display.lines == ("A".ljust(20), " " * 20)


def test_render() -> None:
    """A drawing of characters for logs and demos."""
    display = VirtualDisplay()
    display.feed(b"Tea")
    assert display.render() == (
        "+--------------------+\n|Tea                 |\n|                    |\n"
        "+--------------------+\n"
    )


@pytest.mark.feature("HW-05", part="2x20 display")
async def test_latest_wins(tmp_path: Path) -> None:
    """Many changes at once end with the last one on the display, within fewer writes."""
    async with trio.open_nursery() as nursery, open_rig() as rig:
        fake = DisplayFake(TcpCarrier())
        await nursery.start(fake.run)
        settings = DeviceSettings("display/one", "display", fake.carrier.url)
        rig.start(build_device(settings))
        await rig.wait_state("display/one", DeviceState.READY)
        before = fake.display.received_bytes
        for number in range(50):
            rig.post.tell_nowait("display/one", ShowLines("Total", f"{number},00"))
        answer = await rig.post.ask("display/one", ShowLines("Total", "99,00"), timeout_s=3)
        assert answer == Accepted()
        with trio.fail_after(5):
            await fake.wait_shows("Total", "99,00")
        assert fake.display.received_bytes - before < 50 * 8
        nursery.cancel_scope.cancel()


async def test_shown_again_after_unplugging(tmp_path: Path) -> None:
    """A display that comes back shows the lines it should, those told meanwhile included."""
    async with trio.open_nursery() as nursery, open_rig() as rig:
        fake = DisplayFake(TcpCarrier(), protocol=Protocol.CD5220)
        await nursery.start(fake.run)
        settings = DeviceSettings("display/one", "display", fake.carrier.url, protocol="cd5220")
        rig.start(build_device(settings))
        await rig.wait_state("display/one", DeviceState.READY)
        await fake.carrier.unplug()
        await rig.post.ask("display/one", ShowLines("Thank you", "Goodbye"), timeout_s=3)
        await fake.carrier.plug()
        with trio.fail_after(5):
            await fake.wait_shows("Thank you", "Goodbye")
        nursery.cancel_scope.cancel()
