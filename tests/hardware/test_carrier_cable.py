"""A fake's cable: however often it is pulled, putting it back in is enough."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from hardware.carrier import TcpCarrier
from hardware.terminal.nexo.outlet import TcpOutlet


async def _ignore(data: bytes) -> None:
    """Take what comes."""


async def _connects(host: str, port: int) -> None:
    """Somebody answers there.

    Raises:
        OSError: nobody does.
    """
    stream = await trio.open_tcp_stream(host, port)
    await stream.aclose()


async def _hang_up(stream: trio.abc.Stream) -> None:
    """Say nothing."""
    await stream.aclose()


async def test_a_cable_pulled_twice_comes_back_when_it_is_put_in() -> None:
    """Pulling what is out already changes nothing: one plug brings the device back."""
    carrier = TcpCarrier()
    async with trio.open_nursery() as nursery:
        await nursery.start(carrier.run, _ignore)
        await carrier.unplug()
        await trio.testing.wait_all_tasks_blocked()
        await carrier.unplug()
        with trio.fail_after(5):
            await carrier.plug()
            await _connects(carrier.host, carrier.port)
        nursery.cancel_scope.cancel()


async def test_a_cable_pulled_while_it_is_put_back_is_out() -> None:
    """At whichever turn of the scheduler it is pulled again: it is out and said to be, and whoever
    put it back does not wait for ever."""
    carrier = TcpCarrier()
    async with trio.open_nursery() as nursery:
        await nursery.start(carrier.run, _ignore)
        for turns in range(2, 10):
            await carrier.unplug()
            async with trio.open_nursery() as hands:
                hands.start_soon(carrier.plug)
                for _ in range(turns):
                    await trio.lowlevel.checkpoint()
                await carrier.unplug()
            await trio.testing.wait_all_tasks_blocked()
            assert not carrier.is_plugged
            with pytest.raises(OSError, match="all attempts to connect"):
                await _connects(carrier.host, carrier.port)
        with trio.fail_after(5):
            await carrier.plug()
            assert carrier.is_plugged
            await _connects(carrier.host, carrier.port)
        nursery.cancel_scope.cancel()


async def test_an_outlet_pulled_while_it_is_put_back_is_out() -> None:
    """As a cable: whoever put it back does not wait for ever, and nobody can connect."""
    outlet = TcpOutlet()
    async with trio.open_nursery() as nursery:
        await nursery.start(outlet.run, _hang_up)
        for turns in range(2, 10):
            await outlet.unplug()
            with trio.fail_after(5):
                async with trio.open_nursery() as hands:
                    hands.start_soon(outlet.plug)
                    for _ in range(turns):
                        await trio.lowlevel.checkpoint()
                    await outlet.unplug()
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(OSError, match="all attempts to connect"):
                await _connects(outlet.host, outlet.port)
        with trio.fail_after(5):
            await outlet.plug()
            await _connects(outlet.host, outlet.port)
        nursery.cancel_scope.cancel()
