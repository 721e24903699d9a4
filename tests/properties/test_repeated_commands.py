"""Every command once to three times, through the bookkeeper, over a journal, across restarts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from engine.order.commands import AddLine
from tests.properties.journaled_shop import JournaledShop
from tests.properties.test_engine_machine import REGISTERS, TwoRegisters


class Repeated(TwoRegisters):
    """The same two registers and the same schoolbook, which hears of each command once."""

    @initialize(
        inclusive=st.booleans(),
        step=st.sampled_from((1, 5, 10)),
        random=st.randoms(use_true_random=False),
    )
    def open_shop(self, inclusive: bool, step: int, random: Any) -> None:
        """As many repeats as `random` says."""
        self.random = random
        super().open_shop(inclusive, step)

    def make_shop(self) -> JournaledShop:
        """Books behind a bookkeeper."""
        return JournaledShop.selling(
            self.random, prices_include_tax=self.inclusive, cash_step_minor=self.step
        )

    def decide_twice(self, body: Any, register: str) -> None:
        """The bookkeeper is asked more than once instead."""

    @property
    def journaled(self) -> JournaledShop:
        """The shop as what it is."""
        assert isinstance(self.shop, JournaledShop)
        return self.shop

    @rule(which=st.integers(0, 200))
    def repeat_much_later(self, which: int) -> None:
        """A command whose sender waited in vain, long ago."""
        self.journaled.repeat(which)

    @rule(which=st.integers(0, 200), register=REGISTERS)
    def reuse_an_id(self, which: int, register: str) -> None:
        """A program that numbers its commands badly."""
        self.journaled.reuse(which, AddLine("milk", "", 7000), register)

    @rule(in_order=st.booleans(), which=st.integers(0, 200))
    def restart(self, in_order: bool, which: int) -> None:
        """The store comes back as it was, and knows what it answered."""
        self.journaled.restart(in_order=in_order)
        for command in (which, -1):
            self.journaled.repeat(command)

    def teardown(self) -> None:
        """As for two registers; every command is then sent once more after a last restart."""
        if not hasattr(self, "shop"):
            return
        super().teardown()
        self.journaled.restart(in_order=False)
        for which in range(len(self.journaled.sent)):
            self.journaled.repeat(which)
        self.journaled.close()


TestRepeatedCommands = pytest.mark.feature(
    "NEW-02", part="commands repeated one to three times, restarts included"
)(Repeated.TestCase)
TestRepeatedCommands.settings = settings(
    max_examples=settings().max_examples // 4,
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
)
