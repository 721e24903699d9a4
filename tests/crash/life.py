"""The inside of one process under test: a node of a real server, with its harm.

`python -m tests.crash.life PLAN.json [ROLE]` starts it as production does, from nothing; the
zygote calls `live` in a process it forked. Either way the node itself is production's.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import random
import signal
import sys
import traceback
from functools import partial
from pathlib import Path
from typing import Any

import trio

from actors.world import SystemWorld
from countertop import child_nodes, children, serving
from countertop.config import from_data
from countertop.memory import give_back_large_blocks
from engine.wire import parse
from tests.crash import bugs, forking
from tests.crash.plans import (
    FROM_START,
    STORE,
    WHEN_ASKED,
    Harm,
    LifePlan,
    NodePlan,
    from_plain,
)


class StepCounter(trio.abc.Instrument):
    """Counts task steps once armed, and kills its own process at one of them."""

    def __init__(self, at: int, report: Path) -> None:
        self.armed = False
        self.seen = 0
        self.at = at
        self._report = report

    def before_task_step(self, _: trio.lowlevel.Task) -> None:
        """One step."""
        if self.armed:
            self.seen += 1
            if self.seen == self.at:
                note(self._report, f"kill step {self.at} {os.getpid()}")
                os.kill(os.getpid(), signal.SIGKILL)


def note(report: Path, line: str) -> None:
    """Add a line to the report with one write."""
    fd = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    os.write(fd, line.encode() + b"\n")
    os.close(fd)


class Armament:
    """The harm of one node: armed at its start or at SIGUSR1; SIGUSR2 has it say how far it got."""

    def __init__(self, plan: LifePlan, role: str) -> None:
        self._plan = plan
        self._role = role
        self._node: NodePlan = plan.node(role)
        self.steps = StepCounter(self._node.step, plan.report)
        library: Any = ctypes.CDLL(None)
        self._arm = getattr(library, "countertop_shim_arm", None)
        self._seen = getattr(library, "countertop_shim_seen", None)
        if self._seen is not None:
            self._seen.restype = ctypes.c_uint64

    def prepare(self) -> None:
        """Tell the shim where it is, and arm now or wait for the mark."""
        os.environ["COUNTERTOP_SHIM_DIRECTORY"] = f"{self._plan.place / 'data'}"
        os.environ["COUNTERTOP_SHIM_LOG"] = str(self._plan.log)
        os.environ["COUNTERTOP_SHIM_REPORT"] = str(self._plan.report)
        signal.signal(signal.SIGUSR1, lambda *_: self.arm())
        signal.signal(signal.SIGUSR2, lambda *_: self.tell())
        if self._node.since == FROM_START:
            self.arm()
        else:
            self._load(Harm())
        note(self._plan.report, f"ready {self._role} {os.getpid()}")

    def _load(self, harm: Harm) -> None:
        os.environ.update(harm.environment())
        if self._arm is not None:
            self._arm()

    def arm(self) -> None:
        """Begin to count."""
        if self._node.step == WHEN_ASKED:
            self.steps.at = int(self._plan.asked.read_text())
        note(self._plan.report, f"armed {self._role} {os.getpid()}")
        self._load(self._node.harm)
        self.steps.seen, self.steps.armed = 0, True

    def tell(self) -> None:
        """Say how many steps and calls were seen since."""
        calls = 0 if self._seen is None else self._seen()
        note(self._plan.report, f"seen {self._role} {self.steps.seen} {calls}")


def live(plan: LifePlan, role: str) -> None:
    """Be this node until it ends."""
    faulthandler.enable()  # so that SIGABRT has a process that hangs say where
    random.seed(f"{plan.seed} {role}")
    # A forked process would otherwise repeat its sisters' order of tasks.
    trio._core._run._r.seed(f"{plan.seed} {role}")
    armament = Armament(plan, role)
    armament.prepare()
    bugs.plant(plan.node(role).bug)
    run: Any = partial(trio.run, instruments=[armament.steps])
    trio.run = run
    if role == STORE:
        give_back_large_blocks()
        children.RESTART_S_MAX = plan.child_again_s or children.RESTART_S_MAX
        if plan.zygote:
            open_process: Any = forking.Opener(plan).open_process
            trio.lowlevel.open_process = open_process
        serving.run_server(from_data(plan.config, "the crash rig's plan"))
    else:
        child_nodes.main(role)


def live_and_leave(plan: LifePlan, role: str) -> None:
    """As `live`, in a forked process, which then leaves without its parent's endings."""
    code = 1
    try:
        live(plan, role)
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 1
        if isinstance(left.code, str):
            sys.stderr.write(f"{left.code}\n")
    except BaseException:  # noqa: BLE001 - whatever it is, it goes to the log and ends this process
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main(arguments: list[str]) -> None:
    """Live from the command line."""
    SystemWorld()
    live(from_plain(parse(Path(arguments[0]).read_bytes())), (*arguments[1:], STORE)[0])


if __name__ == "__main__":
    main(sys.argv[1:])
