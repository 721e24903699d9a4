"""A device whose settings cannot be: it is there to say so."""

from __future__ import annotations

import trio

from actors.errors import AbsentError
from actors.mailbox import Envelope
from actors.messages import DeviceState, Outcome
from actors.terminal_messages import Look
from engine.terminal import Condition
from hardware.device import Device
from hardware.effects import Job
from hardware.settings import Unusable

CODE = "not_set_up"


class UnusableDevice(Device):
    """In the place of a device that could not be made, beside others that are well.

    Owns: what is wrong with its settings.
    Receives: whatever its device would be asked.
    Sends: `DeviceStatus` to `devices` with code `not_set_up`, and `Finished` to `outbox`: what
    was to be done is not, and why.
    If it dies: nothing is lost; its device is made anew as the node begins anew.
    """

    accepts = (object,)

    def __init__(self, told: Unusable) -> None:
        super().__init__(told.address)
        self.reason = told.reason

    async def live(self) -> None:
        """Say so until the settings are mended, which nobody can do while this node runs."""
        self.board.show(DeviceState.FAILED, CODE, self.reason)
        await trio.sleep_forever()

    async def receive(self, envelope: Envelope) -> None:
        """Whoever asks how it is is told; for anything else nobody is here to hear it."""
        if isinstance(envelope.body, Look):
            envelope.answer(Condition(is_ready=False, code=CODE, detail=self.reason))
        else:
            envelope.answer(AbsentError(self.address, self.reason))

    async def perform(self, job: Job) -> tuple[Outcome, str]:
        """It is not done, and may be once the device is there."""
        await trio.lowlevel.checkpoint()
        return Outcome.FAILED, CODE
