"""Having the keeper of the books write down what a terminal is about to do, or did."""

from __future__ import annotations

from enum import Enum

from actors.actor import Post
from actors.errors import PostError
from actors.messages import Accepted, Failure
from actors.terminal_messages import Keep, KeepUpload
from engine.payment.refusal import Refusal
from engine.terminal import BEGUN, Answer, Identity, Transaction, Verdict
from hardware.terminal.limits import KEEP_NS, NS_PER_S

DECIDED = (
    Refusal.PAYMENT_MUST_BE_OPEN,
    Refusal.PAYMENT_MUST_BE_WITHIN_CEILINGS,
    Refusal.PAYMENT_MUST_BE_OF_ITS_ORIGINAL,
)


class Kept(Enum):
    """Whether it is written down: NEVER is a decision against it, LATER may be tried again."""

    YES = "yes"
    LATER = "later"
    NEVER = "never"


async def kept(post: Post, keeper: str, request_id: str, answer: Answer) -> Kept:
    """Ask for a result to be written down, and wait a little; silence is no answer."""
    return await _asked(post, keeper, Keep(request_id, answer))


async def upload_kept(post: Post, keeper: str, payment_id: str, answer: Answer) -> Kept:
    """The same of what became of a payment taken offline."""
    return await _asked(post, keeper, KeepUpload(payment_id, answer))


async def _asked(post: Post, keeper: str, body: Keep | KeepUpload) -> Kept:
    try:
        said = await post.ask(keeper, body, timeout_s=KEEP_NS // NS_PER_S)
    except PostError:
        return Kept.LATER
    if said == Accepted():
        return Kept.YES
    return Kept.NEVER if isinstance(said, Failure) and said.code in DECIDED else Kept.LATER


def begun(
    transaction: Transaction, before: Identity | None, identity: Identity | None = None
) -> Answer:
    """What is left of a transaction if everything but the terminal goes away now.

    Without the terminal's last one `before`, or the name it will have, nobody could ask for it.
    """
    return Answer(
        Verdict.UNKNOWN,
        transaction.kind,
        transaction.amount_minor,
        BEGUN,
        currency_code=transaction.currency_code,
        identity=identity or Identity(),
        before=before,
        partial_allowed=transaction.partial_allowed,
        asked_tip_minor=transaction.tip_minor,
    )
