"""What is done to one life of a node, as plain data that crosses to its process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

from engine.wire import structure

FROM_START, FROM_MARK = "start", "mark"
WHEN_ASKED = -1
STORE, DEVICES, INTEGRATIONS = "store", "devices", "integrations"


@frozen
class Harm:
    """What the shim does to the `at`-th `call` (`write`, `sync`, `truncate`, or any) on files that
    end in `file`: `eio`, `enospc`, `short`, `torn`, `torn-kill`, `kill`, `kill-after`, `slow`,
    `lie`; once or for ever."""

    fault: str = ""
    call: str = ""
    file: str = ""
    at: int = 1
    forever: bool = False
    sleep_ms: int = 20

    def environment(self) -> dict[str, str]:
        """The shim's variables."""
        return {
            "COUNTERTOP_SHIM_FAULT": self.fault,
            "COUNTERTOP_SHIM_CALL": self.call,
            "COUNTERTOP_SHIM_FILE": self.file,
            "COUNTERTOP_SHIM_AT": str(self.at),
            "COUNTERTOP_SHIM_TIMES": "forever" if self.forever else "once",
            "COUNTERTOP_SHIM_SLEEP_MS": str(self.sleep_ms),
        }


@frozen
class NodePlan:
    """What happens to one node's process. `harm` and the count to the `step`-th task step, at which
    it kills itself (0: never), begin at its start or when it is sent SIGUSR1. `WHEN_ASKED`: at the
    step that `LifePlan.asked` says by then, in each process of that node. `bug` names a planted
    bug."""

    harm: Harm = Harm()
    step: int = 0
    since: str = FROM_START
    bug: str = ""


@frozen
class LifePlan:
    """One life of a whole server: the configuration as plain data, and what happens to each node.

    `folder` holds `data/`; its other files are the rig's: the shim's log and report, the nodes' own
    words. `zygote` is where child nodes are forked; empty starts them as production does.
    `child_again_s` is how long a child that died waits at most; 0 for as long as production does.
    """

    config: dict[str, Any]
    folder: str
    seed: int = 0
    zygote: str = ""
    nodes: dict[str, NodePlan] = field(factory=dict)
    child_again_s: float = 0.0

    def node(self, name: str) -> NodePlan:
        """What happens to a node; nothing unless told."""
        return self.nodes.get(name, NodePlan())

    @property
    def place(self) -> Path:
        """The folder."""
        return Path(self.folder)

    @property
    def log(self) -> Path:
        """The shim's log of changes."""
        return self.place / "shim.log"

    @property
    def report(self) -> Path:
        """What the shim and the step counter did, a line each."""
        return self.place / "report.txt"

    @property
    def asked(self) -> Path:
        """The step at which a node dies that is sent SIGUSR1, as text."""
        return self.place / "step.txt"

    @property
    def words(self) -> Path:
        """What the nodes said on their standard error."""
        return self.place / "server.log"


def to_plain(plan: LifePlan) -> dict[str, Any]:
    """Plain data that `from_plain` reads back."""
    return attrs.asdict(plan)


def from_plain(data: dict[str, Any]) -> LifePlan:
    """A plan from plain data."""
    return structure(data, LifePlan)
