"""A shop that writes down, word for word, everything it was asked, decided and became."""

from __future__ import annotations

import json
from typing import Any

from attrs import define, field

from engine.books import needs
from engine.decision import COMMANDS, EVENTS, Approval
from engine.image import image_of
from engine.outbox import EffectRequested, FinishEffect, StartEffect
from engine.wire import unstructure
from tests.shop import Shop


def plain(value: Any) -> str:
    """Data on one line, its keys in order; a long run of one letter is shortened to its length."""
    return json.dumps(_shortened(value), ensure_ascii=False, sort_keys=True)


def _shortened(value: Any) -> Any:
    match value:
        case str() if len(value) > 30 and len(set(value)) == 1:
            return f"{value[0]} x {len(value)}"
        case dict():
            return {key: _shortened(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_shortened(entry) for entry in value]
        case _:
            return value


@define
class Transcript:
    """Sends commands to a shop and keeps what came of each."""

    shop: Shop
    lines: list[str] = field(factory=list)

    def title(self, words: str) -> None:
        """What the next commands are about."""
        self.lines += ["", f"# {words}"]

    def say(
        self,
        *bodies: Any,
        register: str = "1",
        approval: Approval | None = None,
        admin: bool = False,
    ) -> None:
        """Send commands one after the other, each with an id of its own; `admin` are the owner's,
        and those of devices and providers."""
        for body in bodies:
            self._say(
                body, register, approval, admin or isinstance(body, StartEffect | FinishEffect)
            )

    def _say(self, body: Any, register: str, approval: Approval | None, admin: bool) -> None:
        shop = self.shop
        posted = len(shop.posted)
        who = "system" if admin else shop.books.staff.signed_on.get(register, "nobody")
        lacks = sorted(needs(register, body, shop.books))
        asked = f"{COMMANDS.name_of(body)} {plain(unstructure(body))}"
        self.lines.append(f"> {register} {who} {asked}")
        decision = shop.when(body, register, approval=approval, admin=admin)
        if approval is not None:
            self.lines.append(f"  approved by {approval.approver}, PIN {approval.pin_correct}")
        if lacks:
            self.lines.append(f"  needs {' '.join(lacks)}")
        for fact in decision.facts:
            kind = "training " if fact.training else ""
            data = plain(unstructure(fact.event))
            self.lines.append(f"  {kind}{fact.stream} {EVENTS.name_of(fact.event)} {data}")
        for fact, _ in shop.posted[posted + len(decision.facts) :]:
            self.lines.append(f"  {fact.stream} {self._effect(fact.event)}")
        if decision.refused is None:
            self.lines.append(f"  yes {plain(unstructure(decision.answer))}")
        else:
            self.lines.append(f"  no {decision.refused.code} {plain(decision.refused.fields)}")

    def _effect(self, event: Any) -> str:
        assert isinstance(event, EffectRequested)
        late = event.expires_ns and event.expires_ns - self.shop.now_ns
        return (
            f"asks {event.effect['name']} as {event.effect_id} "
            f"within {late} ns, repeatable {event.repeatable}"
        )

    def wait(self, seconds: int) -> None:
        """Let time pass; the next command comes one second after it."""
        self.shop.now_ns += seconds * 1_000_000_000
        self.lines.append(f"  ({seconds} s later)")

    def books(self) -> None:
        """Write down what the books hold now: all that a snapshot would keep."""
        image = image_of(self.shop.books)
        for entry in image["outbox"]:
            entry["effect"] = entry["effect"]["name"]
        self.lines += ["", "# The books"]
        for name, value in image.items():
            self._book_line(name, value)
        ended = self.shop.books.archive
        for order_id in sorted(ended):
            self.lines.append(f"ended {order_id} {plain(unstructure(ended[order_id]))}")

    def _book_line(self, name: str, value: Any) -> None:
        if isinstance(value, list) and value:
            self.lines += [f"{name} {plain(entry)}" for entry in value]
        elif isinstance(value, dict):
            self.lines += [f"{name} {key} {plain(entry)}" for key, entry in value.items()]
        else:
            self.lines.append(f"{name} {plain(value)}")

    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines).strip() + "\n"
