"""How many asks a second cross a link between two processes, against nng as it comes.

`python -m benches.link [--tiny]`: bodies of 300 bytes over a socket file, echoed by another
process. Next to asks through the whole house (node, link, mailbox, actor and back) the same run
measures stock pynng (`asend` and `arecv`), plain requests to the raw router, and frames of 64
bodies, which is about what nng itself can carry. Prints a table with the ratios to stock pynng, and
a digest of the answers that is the same in every run of the same size.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pynng
import trio
from attrs import frozen

from actors.link import RawDialer, RawRouter
from actors.link_client import open_requester
from actors.links import Links
from actors.node import Node
from actors.world import SystemWorld

_BODY = "x" * 300
_BATCH = 64
_CALLERS = 64
_WINDOW = 32
_ROOT = Path(__file__).resolve().parents[1]

Ask = Callable[[int], Awaitable[bytes]]


@frozen
class Figure:
    """One measurement: `messages` echoed by `callers` at the same time."""

    name: str
    callers: int
    messages: int
    elapsed_ns: int
    answers: bytes

    def per_s(self) -> int:
        """Messages a second."""
        return self.messages * 1_000_000_000 // max(1, self.elapsed_ns)

    def line(self, stock: Figure) -> str:
        """A row of the table."""
        micros = self.elapsed_ns * self.callers // max(1, self.messages) // 1_000
        ratio = self.per_s() / max(1, stock.per_s())
        return (
            f"{self.name:<34} {self.callers:>3} callers {self.per_s():>9,}/s "
            f"{micros:>7,} us each {ratio:>6.1f} x"
        )


# ---------------------------------------------------------------------------------- the other side


async def _serve_stock(url: str) -> None:
    async def answer(context: pynng.nng.Context) -> None:
        while True:
            await context.asend(await context.arecv())

    with pynng.Rep0(listen=url, recv_max_size=1 << 20) as server:
        async with trio.open_nursery() as nursery:
            for _ in range(_CALLERS):
                nursery.start_soon(answer, server.new_context())


async def _serve_plain(url: str) -> None:
    router = RawRouter(url)

    def echo(_: int, header: bytes, body: bytes) -> None:
        router.reply_nowait(header, body)

    await router.serve(echo)


async def _serve_link(url: str) -> None:
    node = Node("devices", SystemWorld())
    links = Links(node)
    links.listen(RawRouter(url))
    mailbox = node.open("printer/1", capacity=4 * _CALLERS)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(links.run)
        async for envelope in mailbox:
            envelope.answer(envelope.body)


_SERVERS = {"stock": _serve_stock, "plain": _serve_plain, "link": _serve_link}


@contextlib.contextmanager
def _other_process(kind: str, directory: Path) -> Iterator[str]:
    url = f"ipc://{directory}/{kind}"
    command = [sys.executable, "-m", "benches.link", "--serve", kind, "--url", url]
    process = subprocess.Popen(command, cwd=_ROOT)
    try:
        yield url
    finally:
        process.kill()
        process.wait()


# ------------------------------------------------------------------------------------ this side


async def _measure(name: str, callers: int, messages: int, ask: Ask, each: int = 1) -> Figure:
    numbers = iter(range(messages))
    answers = [b""] * messages

    async def caller() -> None:
        for number in numbers:
            answers[number] = await ask(number)

    await ask(0)
    begun_ns = time.perf_counter_ns()
    async with trio.open_nursery() as nursery:
        for _ in range(callers):
            nursery.start_soon(caller)
    elapsed_ns = time.perf_counter_ns() - begun_ns
    digest = hashlib.sha256(b"".join(answers)).digest()
    return Figure(name, callers, messages * each, elapsed_ns, digest)


def _body(number: int) -> str:
    return f"{number:08d}{_BODY}"


async def _stock(directory: Path, callers: int, messages: int) -> Figure:
    with (
        _other_process("stock", directory) as url,
        pynng.Req0(recv_max_size=1 << 20, reconnect_time_min=20) as socket,
    ):
        socket.dial(url, block=False)
        free = [socket.new_context() for _ in range(callers)]

        async def ask(number: int) -> bytes:
            context = free.pop()
            await context.asend(_body(number).encode())
            answer: bytes = await context.arecv()
            free.append(context)
            return answer

        figure = await _measure("stock pynng, asend and arecv", callers, messages, ask)
        for context in free:
            context.close()
        return figure


async def _plain(directory: Path, callers: int, messages: int) -> Figure:
    with _other_process("plain", directory) as url:
        async with open_requester(url) as requester:
            return await _measure(
                "plain requests to the raw router",
                callers,
                messages,
                lambda number: requester.request(_body(number).encode(), 30),
            )


async def _batched(directory: Path, messages: int) -> Figure:
    with _other_process("plain", directory) as url:
        async with open_requester(url) as requester:
            return await _measure(
                f"frames of {_BATCH} bodies, nothing else",
                _WINDOW,
                messages,
                lambda number: requester.request(_body(number).encode() * _BATCH, 30),
                _BATCH,
            )


@contextlib.asynccontextmanager
async def _linked(url: str) -> AsyncIterator[Node]:
    node = Node("store", SystemWorld())
    node.route("printer", "devices")
    links = Links(node)
    dialer = RawDialer(url)
    links.dial(dialer, "devices")
    async with trio.open_nursery() as nursery:
        await nursery.start(links.run)
        await links.wait_up("devices")
        yield node
        nursery.cancel_scope.cancel()
    dialer.close()


async def _link(directory: Path, callers: int, messages: int) -> Figure:
    with _other_process("link", directory) as url:
        async with _linked(url) as node:

            async def ask(number: int) -> bytes:
                answer: str = await node.ask("printer/1", _body(number), timeout_s=30)
                return answer.encode()

            return await _measure("asks from actor to actor", callers, messages, ask)


async def _measure_all(directory: Path, *, tiny: bool) -> list[Figure]:
    few, many = (40, 80) if tiny else (3_000, 40_000)
    # Ours come first: nng counts its threads at the first socket of a process, and fewer serve all
    # of these better, stock pynng included.
    return [
        await _plain(directory, 1, few),
        await _plain(directory, _WINDOW, many),
        await _link(directory, 1, few),
        await _link(directory, _CALLERS, many),
        await _batched(directory, few),
        await _stock(directory, 1, few),
        await _stock(directory, _CALLERS, few),
    ]


def round_trips(callers: int, messages: int) -> tuple[int, int]:
    """Round trips a second between two processes: to the raw router, and by stock pynng."""
    callers = min(callers, _WINDOW)

    async def both(directory: Path) -> tuple[Figure, Figure]:
        plain = await _plain(directory, callers, messages)
        return plain, await _stock(directory, callers, max(1, messages // 5))

    with tempfile.TemporaryDirectory(prefix="link-") as directory:
        plain, stock = trio.run(both, Path(directory))
    return plain.per_s(), stock.per_s()


def report(*, tiny: bool) -> list[str]:
    """Measure everything; the lines to print."""
    with tempfile.TemporaryDirectory(prefix="link-") as directory:
        figures = trio.run(lambda: _measure_all(Path(directory), tiny=tiny))
    digest = hashlib.sha256(b"".join(figure.answers for figure in figures))
    one, many = figures[-2:]
    return [
        *(figure.line(one if figure.callers == 1 else many) for figure in figures),
        f"digest {digest.hexdigest()[:16]}",
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="benches.link", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a few messages only")
    parser.add_argument("--serve", choices=sorted(_SERVERS), help="be the other process")
    parser.add_argument("--url", default="")
    options = parser.parse_args(arguments)
    if options.serve:
        trio.run(_SERVERS[options.serve], options.url)
    else:
        sys.stdout.write("\n".join(report(tiny=options.tiny)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
