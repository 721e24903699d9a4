"""How many asks a second one actor answers inside a process, against a bare memory channel.

`python -m benches.mailbox [--tiny]`: asks through node and mailbox, by 1 and by 64 callers, next to
the cheapest thing trio offers for the same: one memory channel for the requests and one for each
answer. Prints a table with the ratios and a digest of the answers that is the same in every run of
the same size.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Awaitable, Callable

import trio
from attrs import frozen

from actors.node import Node
from actors.world import SystemWorld

_CALLERS = 64


@frozen
class Figure:
    """One measurement: `asks` answered for `callers` at the same time."""

    name: str
    callers: int
    asks: int
    elapsed_ns: int
    answers: int

    def per_s(self) -> int:
        """Asks a second."""
        return self.asks * 1_000_000_000 // max(1, self.elapsed_ns)


async def _measure(
    name: str, callers: int, asks: int, ask: Callable[[int], Awaitable[int]]
) -> Figure:
    numbers = iter(range(asks))
    total = 0

    async def caller() -> None:
        nonlocal total
        for number in numbers:
            total += await ask(number)

    begun_ns = time.perf_counter_ns()
    async with trio.open_nursery() as nursery:
        for _ in range(callers):
            nursery.start_soon(caller)
    return Figure(name, callers, asks, time.perf_counter_ns() - begun_ns, total)


async def _through_mailbox(callers: int, asks: int) -> Figure:
    node = Node("store", SystemWorld())
    mailbox = node.open("register/1", capacity=2 * _CALLERS)

    async def answer() -> None:
        async for envelope in mailbox:
            assert isinstance(envelope.body, int)
            envelope.answer(envelope.body + 1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        figure = await _measure(
            "ask through node and mailbox",
            callers,
            asks,
            lambda number: node.ask("register/1", number, timeout_s=30),
        )
        node.close("register/1")
    return figure


async def _through_channels(callers: int, asks: int) -> Figure:
    send, receive = trio.open_memory_channel[tuple[int, trio.MemorySendChannel[int]]](64)

    async def answer() -> None:
        async for number, back in receive:
            back.send_nowait(number + 1)

    async def ask(number: int) -> int:
        back_send, back_receive = trio.open_memory_channel[int](1)
        await send.send((number, back_send))
        answered = await back_receive.receive()
        back_send.close()
        back_receive.close()
        return answered

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        figure = await _measure("a memory channel for each answer", callers, asks, ask)
        send.close()
    return figure


async def _measure_all(*, tiny: bool) -> list[Figure]:
    asks = 200 if tiny else 100_000
    return [
        await through(callers, asks)
        for callers in (1, _CALLERS)
        for through in (_through_channels, _through_mailbox)
    ]


def report(*, tiny: bool) -> list[str]:
    """Measure everything; the lines to print."""
    figures = trio.run(lambda: _measure_all(tiny=tiny))
    lines = []
    for bare, ours in zip(figures[::2], figures[1::2], strict=True):
        for figure in (bare, ours):
            ratio = figure.per_s() / max(1, bare.per_s())
            lines.append(
                f"{figure.name:<34} {figure.callers:>3} callers "
                f"{figure.per_s():>9,}/s {ratio:>6.2f} x"
            )
    digest = hashlib.sha256(repr([figure.answers for figure in figures]).encode())
    return [*lines, f"digest {digest.hexdigest()[:16]}"]


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="benches.mailbox", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a few asks only")
    options = parser.parse_args(arguments)
    sys.stdout.write("\n".join(report(tiny=options.tiny)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
