"""One round: a store that lives and dies many times while its tills sell, and the audit of it."""

from __future__ import annotations

import math
import random
import signal
from collections import Counter as Tally
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import trio
from attrs import define, field

from actors.world import SystemWorld
from countertop.config import Config
from countertop.counter import Counter
from countertop.secrets import tokens
from hardware.carrier import TcpCarrier
from hardware.printer.fake import PrinterFake
from hardware.printer.render import to_text
from protocols.front.client import open_client
from tests.crash import audit
from tests.crash.disk import Disk
from tests.crash.plans import FROM_MARK, NodePlan
from tests.crash.reader import Reader
from tests.crash.rig import Life, Rig, config_of, until, with_devices, words_of
from tests.crash.scenes import Ending, Scene
from tests.crash.stalls import clients_in_words, tasks_in_words
from tests.crash.work import Ledger, Till
from tests.ports import free_port
from tests.store.harness import insist, open_link

PATIENCE_S = 90.0  # a start from nothing takes half a minute where much else runs
QUIET_S = 8.0
ANSWERS_MAX = 60
LIFE_S_MAX = 300.0
LIE_S = 2.5  # the store's nodes anchor its head once a second
UNPRINTED_MAX = 4


class Broken(Exception):  # noqa: N818 (a finding about the store, not a failure of the rig)
    """A promise was not kept; the message says which, the round says how to repeat it."""


@define(eq=False)
class Figures:
    """What rounds came to, added up."""

    lives: int = 0
    kills: Tally[str] = field(factory=Tally)
    faults: Tally[str] = field(factory=Tally)
    unfired: Tally[str] = field(factory=Tally)
    power_cuts: int = 0
    taken_back: int = 0
    sales: int = 0
    commands: int = 0
    repeated: int = 0
    records: int = 0
    recovery_s: list[float] = field(factory=list)
    cold_s: list[float] = field(factory=list)

    def add(self, other: Figures) -> None:
        """Take in what another round came to."""
        for name in attrs.fields_dict(Figures):
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Tally):
                mine.update(theirs)
            else:
                setattr(self, name, mine + theirs)


@define(eq=False)
class PlainCounter(Counter):
    """The simulated counter, which draws no pictures of its receipts."""

    def __attrs_post_init__(self) -> None:
        """Put a printer that keeps its paper to itself."""
        super().__attrs_post_init__()
        self.printer = PrinterFake(TcpCarrier())

    def texts(self) -> list[str]:
        """All paper so far, what was not cut off yet included."""
        machine = self.printer.printer
        rows = [*machine.receipts, tuple(machine.paper.rows)]
        return [to_text(paper, machine.width) for paper in rows]


@define(eq=False)
class Round:
    """One store from its first sale of the day to the audit at its end."""

    rig: Rig
    seed: str
    scenes: list[Scene]
    bug: str = ""
    goes_on: Callable[[], bool] = lambda: True
    figures: Figures = field(factory=Figures)
    ledger: Ledger = field(factory=Ledger)
    dice: random.Random = field(init=False)
    folder: Path = field(init=False)
    config: Config = field(init=False)
    counter: PlainCounter = field(init=False)
    disk: Disk = field(init=False)
    reader: Reader = field(init=False)
    tills: list[Till] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        """Lay out its files and take a port that is free."""
        self.dice = random.Random(self.seed)
        self.folder = self.rig.new_folder()
        self.disk = Disk.adopt(self.folder / "data")
        self.config = config_of(self.folder, free_port())
        self.reader = Reader(self.config.journal_path, self.ledger)

    async def run(self) -> Figures:
        """Live through all scenes and once more in peace.

        Raises:
            Broken: a promise was not kept.
        """
        await self.run_script(self._script)
        self.figures.sales = len(self.ledger.acknowledged("order.complete"))
        self.figures.commands = len(self.ledger.commands)
        return self.figures

    async def lie(self, scene: Scene) -> tuple[int, str]:
        """Sell on a disk that lies, cut the power, and hold what is left against what was said:
        how many acknowledged commands are gone, and the verifier's verdict."""
        await self.run_script(lambda: self._lie(scene))
        evidence = audit.gather(self.config.journal_path, self.ledger)
        lost = [c for c in self.ledger.acknowledged() if c.id not in evidence.answers]
        return len(lost), evidence.verdict

    async def _lie(self, scene: Scene) -> None:
        # How soon it answers is nobody's figure here.
        async with self.life(scene.nodes, may_be_cold=False) as life:
            await self._suffer(life, scene)
            heads, until_s = len(self.ledger.heads), trio.current_time() + LIE_S
            while len(self.ledger.heads) < heads + 3 or trio.current_time() < until_s:
                await self._answers(life, self.ledger.answered + 1)
            await life.kill()
            await life.wait()
        await life.wait_alone(at_once=True)
        self.disk.follow(life.plan.log)
        self.figures.taken_back += self.disk.under_way()
        self.disk.cut(self.dice)

    async def reopen(self) -> tuple[int | None, str]:
        """Start on what a cut left: how it ended by itself, None where it serves; its words."""
        said = self._words_bytes()
        life = await self._start({}, may_be_cold=False)
        try:
            with trio.move_on_after(PATIENCE_S):
                async with open_link(self.config, "auditor") as shop, trio.open_nursery() as both:
                    both.start_soon(self._until_it_ends, life, both.cancel_scope)
                    await insist(shop, "store.state", "1", {})
                    both.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True):
                code = life.code
                await self.rig.end(life)
                await life.wait_alone(at_once=True)
        return code, life.plan.words.read_bytes()[said:].decode(errors="replace")

    def _words_bytes(self) -> int:
        words = self.folder / "server.log"
        return words.stat().st_size if words.exists() else 0

    async def _until_it_ends(self, life: Life, scope: trio.CancelScope) -> None:
        await life.wait()
        scope.cancel()

    async def run_script(self, script: Callable[[], Awaitable[None]]) -> None:
        """Have the counter and the tills at work while a script runs.

        Raises:
            Broken: a promise was not kept.
        """
        try:
            await self._run(script)
        except BaseExceptionGroup as group:
            broken, others = group.split(Broken)
            if broken is None or others is not None:
                raise
            # What is raised within `except*` is in a group of its own on Python 3.11.2.
            raise _innermost(broken) from None

    async def _run(self, script: Callable[[], Awaitable[None]]) -> None:
        self.counter = PlainCounter("1", self.folder / "counter")
        async with trio.open_nursery() as nursery:
            await nursery.start(self.counter.run)
            self.config = with_devices(self.config, self.counter)
            async with self._tills():
                await script()
            nursery.cancel_scope.cancel()

    async def _script(self) -> None:
        for scene in self.scenes:
            if not self.goes_on():
                break
            await self._live(scene)
        await self.last_life()

    @asynccontextmanager
    async def _tills(self) -> AsyncIterator[None]:
        """Two tills, one over nng and one over a WebSocket."""
        world = SystemWorld()
        token = tokens(self.config.data, world).front
        urls = {
            "1": self.config.nng_url,
            "2": f"ws://127.0.0.1:{self.config.doors.http_port}/ws",
        }
        async with trio.open_nursery() as selling:
            for register, url in urls.items():
                await selling.start(self._sell, register, url, token, world)
            yield
            selling.cancel_scope.cancel()

    async def _sell(
        self,
        register: str,
        url: str,
        token: str,
        world: SystemWorld,
        *,
        task_status: trio.TaskStatus[None],
    ) -> None:
        dice = random.Random(f"{self.seed} till {register}")
        async with open_client(url, token, world=world, register=register, join=False) as client:
            pace = self._printed if register == audit.WITH_PRINTER else trio.lowlevel.checkpoint
            till = Till(register, client, self.ledger, dice, world.new_id, pace)
            self.tills.append(till)
            task_status.started()
            try:
                await till.run()
                await trio.sleep_forever()  # its client still asks how the store is
            finally:
                self.figures.repeated += client.repeats

    async def _printed(self) -> None:
        """Until not too much paper is owed, or for a moment: nobody waits long for a printer."""
        sold = len(self.ledger.acknowledged("order.complete", audit.WITH_PRINTER))
        with trio.move_on_after(1):
            await self.counter.printer.wait_receipts(sold - UNPRINTED_MAX)

    # ------------------------------------------------------------------------------- one life

    async def _live(self, scene: Scene) -> None:
        nodes = {role: attrs.evolve(plan, bug=self.bug) for role, plan in scene.nodes.items()}
        async with self.life(nodes) as life:
            done = await self._suffer(life, scene)
            done = await self._end(life, scene, done)
        self._count(scene, done)
        await self.bury(life, power=scene.power)

    @asynccontextmanager
    async def life(
        self, nodes: dict[str, NodePlan], *, may_be_cold: bool = True
    ) -> AsyncIterator[Life]:
        """A life that does not outlive the block, nor last for ever."""
        life = await self._start(nodes, may_be_cold=may_be_cold)
        try:
            with trio.fail_after(LIFE_S_MAX):
                yield life
        except trio.TooSlowError:
            words = await life.last_words()
            raise Broken(f"a life took over {LIFE_S_MAX:g} s: {words}") from None
        finally:
            with trio.CancelScope(shield=True):
                await self.rig.end(life)

    async def _start(self, nodes: dict[str, NodePlan], *, may_be_cold: bool = True) -> Life:
        bugs = {role: NodePlan(bug=self.bug) for role in ("store", "devices", "integrations")}
        plan = self.rig.plan(self.config, self.folder, self.dice.getrandbits(32))
        plan = attrs.evolve(plan, nodes={**bugs, **nodes})
        self.figures.lives += 1
        life = await self.rig.start(plan, may_be_cold=may_be_cold)
        life.before = self.ledger.answered
        return life

    async def _suffer(self, life: Life, scene: Scene) -> bool:
        """Let it sell, do the harm, and wait until it is done; whether it was."""
        if all(plan.since == FROM_MARK for plan in scene.nodes.values()):
            wanted = life.before + self.dice.randint(2, 12)
            await self._answers(life, wanted)
            await trio.sleep(self.dice.uniform(0, 0.02))
        if scene.victim:
            return await life.kill(scene.victim)
        for role, plan in scene.nodes.items():
            if plan.since == FROM_MARK:
                await life.signal(role, signal.SIGUSR1)
        return not scene.at_stop and await self._wait_fired(life)

    async def _answers(self, life: Life, wanted: int) -> None:
        """Wait for answers, and note how long the first of this life took to come."""
        with trio.move_on_after(PATIENCE_S) as waiting:
            if not life.has_answered:
                await self.ledger.wait_answers(life.before + 1)
                taken_s = await self.rig.note_first_answer(life)
                (self.figures.cold_s if life.is_cold else self.figures.recovery_s).append(taken_s)
            await self.ledger.wait_answers(wanted)
        if self.ledger.wrong:
            raise Broken("\n".join(self.ledger.wrong))
        if waiting.cancelled_caught:
            still = self._still()
            raise Broken(
                f"the store did not sell for {PATIENCE_S:g} s and ended with {life.code}, done was "
                f"{life.report()}: {await life.last_words()}\n{still}"
            )

    async def _wait_fired(self, life: Life) -> bool:
        """Wait until the harm is done; False where the store never came to it. What a few sales do
        not bring about, time does or the end: tills that went on would only keep a core busy."""
        enough = self.ledger.answered + ANSWERS_MAX

        def is_done() -> bool:
            return life.code is not None or bool(life.fired())

        with trio.move_on_after(QUIET_S):
            await until(lambda: is_done() or self.ledger.answered >= enough)
            for till in self.tills:
                till.allow(0)
            await until(is_done)
        for till in self.tills:
            till.allow(math.inf)
        return bool(life.fired())

    async def _end(self, life: Life, scene: Scene, done: bool) -> bool:
        """See that the process ends as it must, and end it where it should go on; whether the harm
        was done by then: it may come late."""
        match scene.ending:
            case Ending.KILLED if done:
                await self._ends_by(life, {-9})
            case Ending.FAILED if done:
                await self._ends_by(life, {1})
            case _:
                return await self._goes_on(life, scene, done)
        return done

    async def _ends_by(self, life: Life, codes: set[int]) -> None:
        with trio.move_on_after(PATIENCE_S):
            await life.wait()
        if life.code not in codes:
            raise Broken(
                f"after {life.fired()} the store ended with {life.code} and not with one of "
                f"{sorted(codes)}: {words_of(life.plan)}"
            )

    async def _goes_on(self, life: Life, scene: Scene, done: bool) -> bool:
        if scene.ending is Ending.GOES_ON or (scene.ending is not Ending.EITHER and not done):
            await self._sells_or_ends(life, self.dice.randint(4, 8))
        with trio.move_on_after(self.dice.uniform(0.0, 0.3)):
            await life.process.wait()
        if not done and life.fired():
            return await self._end(life, scene, done=True)
        if life.code is not None and scene.ending is Ending.EITHER:
            return done
        if life.code is not None:
            raise Broken(f"the store ended with {life.code} by itself: {words_of(life.plan)}")
        if not scene.at_stop and self.dice.random() < 0.5:
            await life.kill()
            await life.wait()
            return done
        code = await life.stop()
        done = done or bool(life.fired())
        if code == -6 or (code and not done):
            raise Broken(f"told to stop, the store ended with {code}: {words_of(life.plan)}")
        return done

    async def _sells_or_ends(self, life: Life, answers: int) -> None:
        """Wait for so many answers more, or for the end of a store that sells no longer."""
        async with trio.open_nursery() as both:
            both.start_soon(self._until_it_ends, life, both.cancel_scope)
            await self._answers(life, self.ledger.answered + answers)
            both.cancel_scope.cancel()

    def _count(self, scene: Scene, done: bool) -> None:
        if not done:
            self.figures.unfired[scene.name] += 1
        elif scene.is_fault:
            self.figures.faults[scene.name] += 1
        else:
            self.figures.kills[scene.name] += 1

    async def bury(self, life: Life, *, power: bool) -> None:
        """Take in what was written, cut the power if it is to go, and audit; the server is down."""
        await life.wait_alone(at_once=power)
        self.disk.follow(life.plan.log)
        if power:
            self.figures.power_cuts += 1
            self.figures.taken_back += self.disk.under_way()
            self.disk.cut(self.dice)
        self._audit(whole=power, ended=False, expected={})

    # ------------------------------------------------------------------------------ the audit

    def _audit(self, *, whole: bool, ended: bool, expected: dict[str, int]) -> None:
        evidence = self.reader.read(whole=whole)
        evidence.receipts = self.counter.texts()
        evidence.kicks = len(self.counter.printer.printer.pulses)
        evidence.expected_minor = expected
        self.figures.records = len(evidence.facts)
        wrong = audit.judge(evidence, ended=ended)
        if wrong:
            raise Broken("\n".join(wrong[:20]))

    async def last_life(self) -> None:
        """Finish every sale and every print, stop in order, and hold all of it to account."""
        async with self.life({}) as life:
            await self._answers(life, life.before + 2)
            await self._close_tills(life)
            await self.wait_rest()
            expected = {till.register: await till.drawer() for till in self.tills}
            code = await life.stop()
        await life.wait_alone(at_once=False)
        self.disk.follow(life.plan.log)
        if code:
            raise Broken(f"the last life ended with {code}: {words_of(life.plan)}")
        if missed := self.disk.differences():
            raise Broken(f"the shim did not see every write: {missed}")
        self._audit(whole=True, ended=True, expected=expected)

    async def _close_tills(self, life: Life) -> None:
        """Have every till finish the sale it is at."""
        for till in self.tills:
            till.stop()
        with trio.move_on_after(PATIENCE_S) as waiting:
            for till in self.tills:
                await till.ended.wait()
        if waiting.cancelled_caught:
            left = [c for c in self.ledger.commands if c.answer is None]
            still = self._still()
            words = await life.last_words()
            raise Broken(f"never answered: {left} {self.ledger.wrong}: {words}\n{still}")

    def _still(self) -> str:
        """What the tills and this process look like while nothing moves."""
        return f"{clients_in_words(self.tills)}\n{tasks_in_words()}"

    async def wait_rest(self) -> None:
        """Until no till is in a sale and nothing waits for a device."""
        with trio.move_on_after(PATIENCE_S) as waiting:
            await until(self._rests)
        if waiting.cancelled_caught:
            raise Broken(f"the store does not come to rest: {await self.tills[0].queue()}")

    async def _rests(self) -> bool:
        return not any([till.is_busy or await till.queue() for till in self.tills])


def _innermost(group: BaseExceptionGroup) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
