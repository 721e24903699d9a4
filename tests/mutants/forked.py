"""A pytest plugin for mutants that are all in one process: collect once, then fork for each.

A child runs the tests that reach its mutant and ends at the first that fails; those that killed
before come first, then the quickest. No test ever runs in the parent, so nothing computed without
the mutant is left in a cache.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

PLAN = "COUNTERTOP_MUTANTS_PLAN"
_UNDER_TEST = "MUTANT_UNDER_TEST"
_SECONDS_LEAST = 10


def pytest_configure(config: pytest.Config) -> None:
    """Take over where a plan says which mutants there are."""
    if PLAN in os.environ:
        plan = json.loads(Path(os.environ[PLAN]).read_text())
        config.pluginmanager.register(Forked(plan), "countertop-mutants")


class Forked:
    """`plan`: the mutants' names, how many may run at once, and where to write the results."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._mutants: list[str] = plan["mutants"]
        self._jobs: int = plan["jobs"]
        self._results = Path(plan["results"])
        self._kills: Counter[str] = Counter()
        self._seconds: dict[str, float] = {}
        self._running: dict[int, tuple[str, int]] = {}
        self._ended: dict[str, str] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of running the tests: run them once per mutant."""
        reached = self._reach(session.items)
        items = {item.nodeid: item for item in session.items}
        gc.freeze()
        for name in self._mutants:
            tests = reached.get(name.partition("__mutmut_")[0], [])
            if not tests:
                self._ended[name] = "no test"
                continue
            while len(self._running) >= self._jobs:
                self._wait()
            tests.sort(key=lambda test: (-self._kills[test], self._seconds[test]))
            self._try(name, [items[test] for test in tests])
        while self._running:
            self._wait()
        self._results.write_text(json.dumps(self._ended))
        return True

    def _try(self, name: str, items: list[pytest.Item]) -> None:
        limit_s = _SECONDS_LEAST + int(10 * sum(self._seconds[item.nodeid] for item in items))
        killer, told = os.pipe()
        os.set_inheritable(told, True)
        pid = _fork(lambda: _survives(name, items, told), limit_s)
        os.close(told)
        self._running[pid] = (name, killer)

    def _wait(self) -> None:
        pid, status = os.wait()
        name, killer = self._running.pop(pid)
        with os.fdopen(killer) as pipe:
            self._kills.update(pipe.read().splitlines())
        if os.WIFSIGNALED(status):
            self._ended[name] = "time ran out"
        else:
            code = os.waitstatus_to_exitcode(status)
            self._ended[name] = {0: "survived", 1: "killed"}[code]
        if len(self._ended) % 50 == 0:
            killed = sum(result in ("killed", "time ran out") for result in self._ended.values())
            line = f"{len(self._ended)} of {len(self._mutants)} mutants, {killed} killed\n"
            os.write(1, line.encode())

    def _reach(self, items: list[pytest.Item]) -> dict[str, list[str]]:
        """Which tests reach which function; they must all pass, and how long each takes is kept."""
        found = self._results.with_suffix(".reach")
        pid = _fork(lambda: _record(items, found), 600)
        _, status = os.waitpid(pid, 0)
        if status:
            raise pytest.UsageError("the tests fail without any mutant; nothing was tried")
        told = json.loads(found.read_text())
        self._seconds = told["seconds"]
        reached: dict[str, list[str]] = told["reached"]
        return reached


def _fork(work: Callable[[], bool], limit_s: int) -> int:
    """Do `work` in a child; its process id. The child exits 0 where it comes back true."""
    pid = os.fork()
    if pid:
        return pid
    code = 3
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        # Time the processor worked, so a busy machine kills nobody.
        resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s))
        code = 0 if work() else 1
    except BaseException:  # noqa: BLE001 - whatever the mutant broke, a child never goes on
        code = 1
    finally:
        os._exit(code)


def _run(items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, bool]]:
    for item, after in zip(items, [*items[1:], None], strict=True):
        reports = runtestprotocol(item, log=False, nextitem=after)
        yield item, not any(report.failed for report in reports)


def _survives(name: str, items: list[pytest.Item], told: int) -> bool:
    os.environ[_UNDER_TEST] = name
    for item, passed in _run(items):
        if not passed:
            os.write(told, item.nodeid.encode())
            return False
    return True


def _record(items: list[pytest.Item], found: Path) -> bool:
    hits: set[str] = set()
    trampoline: Any = importlib.import_module("mutmut.mutation.trampoline")
    trampoline.record_trampoline_hit = lambda name, **_: hits.add(name)
    os.environ[_UNDER_TEST] = "stats"
    reached: dict[str, list[str]] = {}
    seconds: dict[str, float] = {}
    began = time.perf_counter()
    for item, passed in _run(items):
        if not passed:
            return False
        seconds[item.nodeid] = time.perf_counter() - began
        for name in hits:
            reached.setdefault(name, []).append(item.nodeid)
        hits.clear()
        began = time.perf_counter()
    found.write_text(json.dumps({"reached": reached, "seconds": seconds}))
    return True
