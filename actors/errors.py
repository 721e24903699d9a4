"""What can go wrong between two actors, as the one who asked sees it, and on the links between; and
what a person is told as it stands."""

from __future__ import annotations


class ToldError(Exception):
    """A person at the command line can act on it: what it says is told as it stands, without where
    in the program it was raised, and the command ends with `exit_code`."""

    exit_code = 1


class PostError(Exception):
    """A message did not get its answer; `address` is where it was going."""

    kind = "error"

    def __init__(self, address: str, detail: str) -> None:
        super().__init__(f"{address}: {detail}")
        self.address = address
        self.detail = detail


class BusyError(PostError):
    """A mailbox or a link is full. Nothing was delivered; try again a little later."""

    kind = "busy"


class AbsentError(PostError):
    """Nobody lives at the address now. Nothing was delivered."""

    kind = "absent"


class NoAnswerError(PostError):
    """No answer came, and nobody knows whether the message was acted on.

    Ask what happened, or repeat with the same id; never send again what moved money.
    """

    kind = "no_answer"


POST_ERRORS: dict[str, type[PostError]] = {
    error.kind: error for error in (BusyError, AbsentError, NoAnswerError)
}


class LinkError(ToldError):
    """Something went wrong on a link between two nodes."""


class LinkProtocolError(LinkError):
    """Bytes that are no frame of this link. They were dropped; nothing in them was acted on."""


class OversizedError(LinkError, ValueError):
    """A message is larger than a link carries. It was not sent; send it in parts."""


class AddressInUseError(LinkError):
    """Another process already listens at `url`. Nothing was opened there."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url} is already in use, so nothing listens there. "
            "Stop the other process, or give this node another address."
        )
        self.url = url
