"""Payments by link as their events left them: those still asked about, those for a person."""

from __future__ import annotations

from typing import assert_never

from attrs import define, field, frozen

from engine.altered import altered
from engine.limits import PAYLINKS_REMEMBERED_MAX
from engine.paylink.events import (
    LinkAsked,
    LinkExceptionClosed,
    LinkProblem,
    PaylinkAskedAgain,
    PaylinkCancelAsked,
    PaylinkConfirmed,
    PaylinkEnded,
    PaylinkEvent,
    PaylinkExpired,
    PaylinkOffered,
    PaylinkRequested,
    PaylinkStrayed,
    Standing,
)
from engine.provider import LinkKind, Told

_PAYABLE = (Standing.REQUESTED, Standing.WAITING)


@frozen
class Paylink:
    """One of them. `requested_ns` is by the clock of stamps; `told` is there once money moved;
    `times_again` is how often it was asked about anew, so that the same word is another: a person
    had it asked once more, or nothing could be read until then."""

    asked: LinkAsked
    requested_ns: int
    standing: Standing = Standing.REQUESTED
    provider_reference: str = ""
    url: str = ""
    told: Told | None = None
    problem: LinkProblem = LinkProblem.NONE
    is_cancel_asked: bool = False
    code: str = ""
    times_again: int = 0

    @property
    def is_payable(self) -> bool:
        """Whether money that comes now was still asked for."""
        return self.standing in _PAYABLE

    @property
    def is_offered(self) -> bool:
        """Whether the customer is asked to pay it."""
        is_payment = self.asked.kind is LinkKind.PAYMENT
        return is_payment and self.is_payable and not self.is_cancel_asked

    @property
    def amount_minor(self) -> int:
        """What moved; what was asked for while nothing did."""
        return self.asked.amount_minor if self.told is None else self.told.amount_minor

    def age_ns(self, now_ns: int) -> int:
        """How long ago it was asked for, by the clock of stamps; one from while that was ahead is
        as old as it was ahead."""
        return abs(now_ns - self.requested_ns)


@define
class Paylinks:
    """All that is not settled, by id, and the latest that are.

    `open` are asked about until their provider told how they ended; `exceptions` are for a person,
    and asked about too while what is told of them cannot be read.
    `settled` lets a provider that repeats itself be answered the same, and one whose refund bounced
    be heard; only so many of each kind are kept.
    `latest` is the last of each register, for its screen.
    """

    open: dict[str, Paylink] = field(factory=dict)
    exceptions: dict[str, Paylink] = field(factory=dict)
    settled: dict[str, Paylink] = field(factory=dict)
    latest: dict[str, Paylink] = field(factory=dict)

    def known(self, paylink_id: str) -> Paylink | None:
        """One by its id, as far back as they are remembered."""
        for place in (self.open, self.exceptions, self.settled):
            if paylink_id in place:
                return place[paylink_id]
        return None

    def asked_about(self) -> tuple[Paylink, ...]:
        """Those whose provider is asked how they stand."""
        return (*self.open.values(), *filter(_is_unreadable, self.exceptions.values()))

    def offered_for(self, order_id: str) -> Paylink | None:
        """The one that an order's customer is asked to pay now."""
        return next(
            (e for e in self.open.values() if e.asked.order_id == order_id and e.is_offered), None
        )


def evolve(links: Paylinks, event: PaylinkEvent, *, now_ns: int) -> None:
    """Change `links` to what they are after `event`."""
    match event:
        case PaylinkRequested(asked):
            undone = links.exceptions.pop(asked.of_paylink, None)
            if undone is not None:
                _settle(links, altered(undone, problem=LinkProblem.NONE))
            link = Paylink(asked, now_ns)
            links.open[asked.paylink_id] = link
            if _is_shown(asked):
                links.latest[asked.register] = link
        case PaylinkOffered(paylink_id, reference, url):
            link = altered(_taken(links, paylink_id), provider_reference=reference, url=url)
            link = altered(link, problem=LinkProblem.NONE, code="")
            waits = link.standing is Standing.REQUESTED
            _keep(links, altered(link, standing=Standing.WAITING) if waits else link)
        case PaylinkCancelAsked(paylink_id):
            _keep(links, altered(links.open[paylink_id], is_cancel_asked=True))
        case PaylinkExpired(paylink_id):
            _keep(links, altered(links.open[paylink_id], standing=Standing.EXPIRED))
        case PaylinkConfirmed(paylink_id, told, problem):
            link = altered(_taken(links, paylink_id), told=told, problem=problem, code="")
            _end(links, altered(link, standing=Standing.CONFIRMED))
        case PaylinkEnded(paylink_id, standing, code, problem):
            link = altered(_taken(links, paylink_id), code=code, problem=problem)
            if _is_unreadable(link):
                link = altered(link, times_again=link.times_again + 1)
            _end(links, altered(link, standing=standing))
        case PaylinkAskedAgain(paylink_id):
            link = links.exceptions.pop(paylink_id)
            link = altered(link, standing=Standing.REQUESTED, problem=LinkProblem.NONE, code="")
            _keep(links, altered(link, times_again=link.times_again + 1))
        case PaylinkStrayed(paylink_id, provider, told):
            asked = LinkAsked(
                paylink_id,
                "",
                "",
                "",
                provider,
                LinkKind.PAYMENT,
                told.amount_minor,
                told.currency,
                original=told.reference,
            )
            stray = Paylink(asked, now_ns, Standing.CONFIRMED, told.provider_reference, told=told)
            links.exceptions[paylink_id] = altered(stray, problem=LinkProblem.UNASKED)
        case LinkExceptionClosed(paylink_id):
            closed = links.exceptions.pop(paylink_id)
            _settle(links, altered(closed, problem=LinkProblem.NONE))
        case _:
            assert_never(event)


def _keep(links: Paylinks, link: Paylink) -> None:
    links.open[link.asked.paylink_id] = link
    _show(links, link)


def _show(links: Paylinks, link: Paylink) -> None:
    """A register shows what it asked its customer for last, and nothing older over it. Which that
    is says the order of the facts: a clock that was ahead may have been set back."""
    shown = links.latest.get(link.asked.register)
    if shown is not None and shown.asked.paylink_id == link.asked.paylink_id:
        links.latest[link.asked.register] = link


def _is_unreadable(link: Paylink) -> bool:
    return link.problem is LinkProblem.UNREADABLE


def _is_shown(asked: LinkAsked) -> bool:
    """Whether a customer stands at a register and is asked."""
    return asked.kind is LinkKind.PAYMENT and bool(asked.register)


def _taken(links: Paylinks, paylink_id: str) -> Paylink:
    place = next(e for e in (links.open, links.settled, links.exceptions) if paylink_id in e)
    return place.pop(paylink_id)


def _end(links: Paylinks, link: Paylink) -> None:
    if link.problem is not LinkProblem.NONE:
        links.exceptions[link.asked.paylink_id] = link
    else:
        _settle(links, link)
    _show(links, link)


def _settle(links: Paylinks, link: Paylink) -> None:
    links.settled[link.asked.paylink_id] = link
    # A refund may bounce days later, when many more have paid.
    kind = link.asked.kind
    alike = [one for one, entry in links.settled.items() if entry.asked.kind is kind]
    for forgotten in alike[:-PAYLINKS_REMEMBERED_MAX]:
        del links.settled[forgotten]
