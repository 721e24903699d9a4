"""What a ZVT session wants done, and the commands it has to do."""

from __future__ import annotations

from enum import Enum

from attrs import define, field, frozen

from engine.terminal import Answer, Slip, Transaction
from hardware.terminal import limits
from hardware.terminal.actions import Done, Reported, Store, StoreUpload, Told
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.codec import Profile, StatusInfo
from hardware.terminal.zvt.outcome import takes_back_another
from hardware.terminal.zvt.slips import SlipReader
from native import ZvtMessage


@frozen
class Send:
    """Write this message."""

    message: bytes


@frozen
class Break:
    """Nothing that comes on this connection can be trusted any more: close it."""

    reason: str


@frozen
class SetAside:
    """What is `unclaimed` changed: write it to the disk, then call `kept`. A change that no
    terminal waits for has no `job_id`."""

    job_id: str = ""


Action = Send | Told | Store | StoreUpload | SetAside | Done | Reported | Break


class Task(Enum):
    """What a job is for."""

    REGISTER = "register"
    ENQUIRE = "enquire"
    RECALL = "recall"
    TRANSACT = "transact"
    INQUIRE = "inquire"
    RECEIPT = "receipt"
    SETTLE = "settle"
    FORWARD = "forward"


@define
class Job:
    """One command and what came of it so far. `is_replied` once the terminal answered the command
    itself, `is_accepted` as soon as it did so with yes or said anything else about it. `is_refused`
    from when a result was to be taken back until the terminal tells another. A question
    that `gives_way` keeps nobody else's from the terminal either. `answer` is what is known already
    of the transaction whose receipt is asked for, `why` the terminal's own text of its breaking
    off, `is_lively` once it showed or printed something, `meanwhile` another result that it told
    while one is written down. `refusal` is a no to the command that may be the one to the command
    before, said again: it counts where the terminal says nothing else in the time for an answer."""

    task: Task
    job_id: str = ""
    transaction: Transaction | None = None
    doubt: Answer | None = None
    answer: Answer | None = None
    info: StatusInfo | None = None
    slips: SlipReader = field(factory=SlipReader)
    is_replied: bool = False
    is_accepted: bool = False
    is_acknowledged: bool = False
    is_refused: bool = False
    why: str = ""
    is_lively: bool = False
    is_abort_wanted: bool = False
    is_abort_sent: bool = False
    started_ns: int = 0
    not_ready: int = 0
    gives_way: bool = False
    meanwhile: ZvtMessage | None = None
    refusal: str = ""

    @property
    def keeps_it(self) -> bool:
        """Whether others are told that the terminal is busy with it."""
        return bool(self.job_id) and self.task is not Task.FORWARD and not self.gives_way

    @property
    def is_question(self) -> bool:
        """Whether it moves no money: whoever pays waits for its end, and is not turned away."""
        return self.tells_the_last or self.task is Task.ENQUIRE

    @property
    def tells_the_last(self) -> bool:
        """Whether it may tell which transaction was the last before the next."""
        return self.task in (Task.RECALL, Task.INQUIRE, Task.RECEIPT)

    @property
    def ends_ns(self) -> int:
        """When it is given up, however lively the terminal is."""
        if self.task is Task.RECEIPT:
            return self.started_ns + limits.RECEIPT_NS
        # Asked how it is, a terminal may end its day first, and it takes nothing else meanwhile.
        is_brief = self.is_question and not (self.task is Task.ENQUIRE and self.is_lively)
        return self.started_ns + (limits.QUESTION_NS if is_brief else limits.WHOLE_NS)

    @property
    def may_be_called_off(self) -> bool:
        """Whether somebody at the register may call it off."""
        return self.task in (Task.TRANSACT, Task.SETTLE)

    @property
    def has_paid(self) -> bool:
        """Whether the terminal said yes to a card already: then it is too late to call it off."""
        return self.task is Task.TRANSACT and self.info is not None and self.info.is_approved

    def may_be_of_before(self, control: int) -> bool:
        """Whether a no or an end that the terminal says again may be of the command before: it has
        not answered this one yet, and of money and of a day nothing is believed that may not be."""
        is_no = control >> 8 == 0x84 and control != 0x8400
        is_open = self.may_be_called_off and not self.is_accepted and not self.is_replied
        return is_open and (is_no or control in codec.ENDS)

    def hear(self, info: StatusInfo) -> tuple[Slip, ...]:
        """Take a result; the receipts of a try before it that came to nothing, which are none of
        its own."""
        before, self.info, self.is_refused, self.meanwhile = self.info, info, False, None
        if before is None or before.is_approved or before == info:
            return ()
        slips, self.slips = self.slips, SlipReader()
        slips.end()
        return slips.kept

    def reply(self, *, is_kept: bool, is_final: bool) -> bytes:
        """The answer to what the terminal told, once it was written down or could not be: then it
        is to wait a little, for each message anew, and after that, or at once where it `is_final`,
        to take it back. What it prints about that is acknowledged, and makes it no payment. A
        reversal of another's is taken back whatever was written down."""
        is_final |= takes_back_another(self.transaction, self.info) and not self.is_refused
        if is_kept and not is_final:
            self.not_ready = 0
            self.is_acknowledged = not self.is_refused
            return codec.ACKNOWLEDGE
        self.not_ready += 1
        if self.not_ready <= limits.NOT_READY_MAX and not is_final:
            return codec.NOT_READY
        self.not_ready = 0
        self.is_acknowledged, self.is_refused = False, True
        return codec.TAKE_BACK


def command_of(job: Job, profile: Profile) -> bytes:
    """What is sent for a job."""
    match job.task:
        case Task.REGISTER:
            return codec.register(profile)
        case Task.ENQUIRE:
            return codec.enquire(profile)
        case Task.RECALL | Task.INQUIRE:
            return codec.recall(profile)
        case Task.RECEIPT:
            return codec.repeat_receipt(profile)
        case Task.SETTLE:
            return codec.end_of_day(profile)
        case Task.FORWARD:
            return codec.send_offline(profile)
        case Task.TRANSACT:
            assert job.transaction is not None
            return codec.command(job.transaction, profile)
