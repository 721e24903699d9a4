"""The drawer actor: a cash drawer on the plug of a receipt printer."""

from __future__ import annotations

from actors.errors import AbsentError, BusyError, NoAnswerError, PostError
from actors.mailbox import Envelope
from actors.messages import DeviceState, Outcome
from engine.effects import KickDrawer
from hardware.device import Device
from hardware.drawer.codec import DrawerState, decode_level
from hardware.drawer.session import Again, Kicked, answered, first_step, pulse, unanswered
from hardware.drawer.session import unreachable as not_delivered
from hardware.effects import Job
from hardware.limits import ASK_TIMEOUT_S, RETRY_FIRST_S
from hardware.printer.messages import PULSE_GRACE_S, DrawerLevel, WatchDrawer

WATCH_EVERY_S = 2.0
_PATIENCE_S = 3.0


class DrawerDevice(Device):
    """A cash drawer.

    Owns: which plug the drawer hangs on, and whether it was last seen open.
    Receives: `Perform` of `KickDrawer`, `DrawerLevel` from its printer.
    Sends: `Pulse` and `WatchDrawer` to its printer, `Started` and `Finished` to `outbox`,
    `DeviceStatus` to `devices` with code `open`, `closed` or `ok` (no switch).
    If it dies: a kick it had begun comes again as one that may have happened, and is not repeated.
    """

    accepts = (KickDrawer,)

    def __init__(
        self, address: str, *, printer: str, pin: int, on_ms: int, open_level: str
    ) -> None:
        super().__init__(address)
        self.printer = printer
        self.pin = pin
        self.on_ms = on_ms
        self.open_level = open_level

    async def live(self) -> None:
        """Keep the printer telling about its plug."""
        while True:
            try:
                answer = await self.post.ask(
                    self.printer, WatchDrawer(self.address), timeout_s=ASK_TIMEOUT_S
                )
            except PostError:
                self._show_absent()
            else:
                if isinstance(answer, DrawerLevel):
                    self._show(answer)
                else:
                    self.board.show(DeviceState.FAILED, "refused", getattr(answer, "detail", ""))
            await self.world.sleep(WATCH_EVERY_S)

    async def receive(self, envelope: Envelope) -> None:
        """The printer tells of a change."""
        if isinstance(envelope.body, DrawerLevel):
            self._show(envelope.body)
        else:
            await super().receive(envelope)

    def _show_absent(self) -> None:
        detail = f"{self.printer} is not there, so the drawer cannot open; use its key"
        self.board.show(DeviceState.ABSENT, "no_printer", detail)

    def _show(self, level: DrawerLevel) -> None:
        if level.high is None:
            self._show_absent()
            return
        state = decode_level(level.high, self.open_level)
        code = "ok" if state is DrawerState.UNKNOWN else state.value
        self.board.show(DeviceState.READY, code)

    async def perform(self, job: Job) -> tuple[Outcome, str]:
        """Kick once, or say why not."""
        kicked = first_step(may_have_happened=job.may_have_happened)
        if kicked is None:
            if not await self.desk.start(job):
                return Outcome.EXPIRED, "withdrawn or too late before the start; nothing was sent"
            kicked = first_step(may_have_happened=job.may_have_happened) or await self._kick(job)
        return kicked.outcome, kicked.reason

    async def _kick(self, job: Job) -> Kicked:
        patience_ns = self.world.monotonic_ns() + int(_PATIENCE_S * 1_000_000_000)
        until_ns = patience_ns if job.until_ns is None else job.until_ns
        while True:
            step = await self._ask_once(until_ns)
            if isinstance(step, Kicked):
                return step
            if self.desk.expired(job):
                return Kicked(Outcome.EXPIRED, f"{step.reason}; it is too late now")
            if self.world.monotonic_ns() >= until_ns:
                return Kicked(Outcome.FAILED, step.reason)
            await self.world.sleep(RETRY_FIRST_S)

    async def _ask_once(self, until_ns: int) -> Kicked | Again:
        left_ns = until_ns - self.world.monotonic_ns()
        body = pulse(pin=self.pin, on_ms=self.on_ms, left_ns=left_ns)
        left_s = max(0.05, left_ns / 1_000_000_000)
        try:
            return answered(
                await self.post.ask(self.printer, body, timeout_s=left_s + PULSE_GRACE_S)
            )
        except (AbsentError, BusyError) as error:
            return not_delivered(error.detail)
        except NoAnswerError:
            return unanswered()
