"""What a round looked like when nothing moved any more: tasks, clients, the store's words."""

from __future__ import annotations

from typing import Any

import trio

FRAMES_SHOWN = 4


def tasks_in_words() -> str:
    """Every task of this process and the innermost places it waits at, one a line."""
    root = trio.lowlevel.current_root_task()
    return "\n".join(_told(root, 0)) if root is not None else ""


def _told(task: trio.lowlevel.Task, depth: int) -> list[str]:
    lines = [f"{'  ' * depth}{task.name}: {' < '.join(_places(task.coro)[:FRAMES_SHOWN])}"]
    for nursery in task.child_nurseries:
        for child in nursery.child_tasks:
            lines += _told(child, depth + 1)
    return lines


def _places(awaiting: Any) -> list[str]:
    """Where a coroutine waits, innermost first."""
    found: list[str] = []
    while awaiting is not None:
        frame = getattr(awaiting, "cr_frame", None) or getattr(awaiting, "ag_frame", None)
        frame = frame or getattr(awaiting, "gi_frame", None)
        if frame is not None:
            file = frame.f_code.co_filename.rpartition("/")[2]
            found.append(f"{frame.f_code.co_name} {file}:{frame.f_lineno}")
        for name in ("cr_await", "ag_await", "gi_yieldfrom"):
            following = getattr(awaiting, name, None)
            if following is not None:
                break
        awaiting = following
    return found[::-1]


def clients_in_words(tills: list[Any]) -> str:
    """What each till's client holds of its connection."""
    shown = ("_socket", "_welcome", "_waiting", "_failed", "_joined", "_greeted")
    lines = []
    for till in tills:
        carrier = till.client._carrier
        state = {name: getattr(carrier, name) for name in shown if hasattr(carrier, name)}
        socket = state.get("_socket")
        if socket is not None:
            state["_socket"] = f"open={socket.is_open} {socket._protocol.state}"
            stream = getattr(socket, "_stream", None)
            state["names"] = str(getattr(stream, "socket", None))
        lines.append(f"till {till.register}: {state}")
    return "\n".join(lines)
