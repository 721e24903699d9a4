"""Why a front end did not get what it asked for."""

from __future__ import annotations

from actors.asks import Reply


class GaveUpError(Exception):
    """The front end stopped asking; whether the command happened is not known to it."""


class RefusedError(Exception):
    """The store said no; `code` is why."""

    def __init__(self, name: str, reply: Reply) -> None:
        super().__init__(f"{name}: {reply.refusal or reply.fault} {reply.detail}")
        self.code = str((reply.refusal or {}).get("code", reply.fault))
