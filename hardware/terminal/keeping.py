"""Having the keeper of the books write down what a terminal is about to do, or did."""

from __future__ import annotations

from actors.actor import Post
from actors.errors import PostError
from actors.messages import Accepted
from actors.terminal_messages import Keep, KeepUpload
from engine.terminal import Answer, Identity, Transaction, Verdict
from hardware.terminal.limits import KEEP_NS, NS_PER_S


async def is_kept(post: Post, keeper: str, request_id: str, answer: Answer) -> bool:
    """Ask, and wait a little; anything but a clear yes is a no."""
    return await _is_accepted(post, keeper, Keep(request_id, answer))


async def is_upload_kept(post: Post, keeper: str, payment_id: str, answer: Answer) -> bool:
    """The same of what became of a payment taken offline."""
    return await _is_accepted(post, keeper, KeepUpload(payment_id, answer))


async def _is_accepted(post: Post, keeper: str, body: Keep | KeepUpload) -> bool:
    try:
        kept = await post.ask(keeper, body, timeout_s=KEEP_NS // NS_PER_S)
    except PostError:
        return False
    return bool(kept == Accepted())


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
        "begun",
        currency_code=transaction.currency_code,
        identity=identity or Identity(),
        before=before,
        partial_allowed=transaction.partial_allowed,
        asked_tip_minor=transaction.tip_minor,
    )
