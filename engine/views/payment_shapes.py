"""The shapes of card payments people and programs read; amounts in minor units."""

from __future__ import annotations

from attrs import field, frozen

from engine.payment.events import OfflinePolicy


@frozen
class PaymentView:
    """A card payment as it stands.

    `code` and `detail` are the terminal's reason; `shows` is what it shows to the customer now, a
    stable word, and `shows_text` its own words. `problem` says why a person must look at it, ""
    where nobody must. `age_s` is how long ago it was asked for. `entry` is keyed or phone where the
    number is typed at the terminal, else "". `tender` is what it takes back of its order, 0 where
    that is none; `is_counted` says that the sale was completed with it all the same, and
    `of_refund` that it was money back: what is not taken back then is with the customer.
    `back_waits`: the store has its terminal take it back as soon as that is free. `back_code` is
    of what is on the list itself, for it should not have been taken or the bank refused it: why its
    terminal did not take it back when it was told to, and `back_age_s` how long ago it was last
    told; "" and 0 where it never was.
    """

    payment_id: str
    order_id: str
    register: str
    operator: str
    terminal: str
    kind: str
    standing: str
    problem: str
    amount_minor: int
    tip_minor: int
    code: str
    detail: str
    card: str
    brand: str
    age_s: int
    is_cancel_asked: bool
    is_set_aside: bool
    reason: str
    shows: str = ""
    shows_text: str = ""
    entry: str = ""
    tender: int = 0
    is_counted: bool = False
    of_refund: bool = False
    back_waits: bool = False
    back_code: str = ""
    back_age_s: int = 0


@frozen
class TipView:
    """What a customer is asked on our own screen, or was: a tip on `amount_minor`.

    `shares_minor` are what `percents_ppm` of it come to. `tip_minor` is their answer, and counts
    only where `is_answered`.
    """

    amount_minor: int
    is_answered: bool
    tip_minor: int
    percents_ppm: tuple[int, ...]
    shares_minor: tuple[int, ...]
    amounts_minor: tuple[int, ...]
    own_minor_max: int


@frozen
class TabView:
    """A card an amount is reserved on until the bill is closed; `tip_minor` is written so far.

    `is_let_go`: its terminal was told to let it go, and nobody knows that it did. The order ends
    without waiting for that; what is left is on the list of payments.
    """

    reserved_minor: int
    tip_minor: int
    card: str
    brand: str
    is_let_go: bool = False


@frozen
class CardStateView:
    """A card payment as its customer may see it: what is charged, and where it stands.

    `state` is terminal (follow the terminal), checking (nobody knows yet), approved, or not_paid.
    `kind` says what it is about, as in `PaymentView`.
    """

    state: str
    kind: str
    amount_minor: int
    tip_minor: int


@frozen
class OpenTabView:
    """A tab of the store in a list: what is reserved, and what the bill comes to so far. `register`
    has it in hand, "" while it is parked; `age_s` is how long ago it was opened. `terminal` holds
    the reservation: there it is charged or let go."""

    order_id: str
    label: str
    register: str
    opened_by: str
    first_name: str
    reserved_minor: int
    total_minor: int
    tip_minor: int
    card: str
    brand: str
    age_s: int
    terminal: str = ""


@frozen
class CeilingView:
    """One ceiling of what may be taken offline, and how much of it is used: `payment` is for one
    payment and never used up, `operator` and `register` are those of who asks, `brand` that of the
    cards of that `brand`, `total` is all. Of `used_minor`, `pending_minor` is the most that
    terminals may be storing, and nobody knows that they did: of each brand, for it may be any."""

    ceiling: str
    limit_minor: int
    used_minor: int
    brand: str = ""
    pending_minor: int = 0


@frozen
class PaymentsView:
    """Card payments that are not settled: those for a person and those nobody knows yet, oldest
    first; and what was taken offline, against its ceilings. Past `age_limit_s` nothing more is.
    `policy` are those ceilings as the shop set them."""

    exceptions: tuple[PaymentView, ...]
    offline_minor: int
    offline_limit_minor: int
    offline_count: int
    oldest_s: int
    ceilings: tuple[CeilingView, ...] = ()
    age_limit_s: int = 0
    policy: OfflinePolicy = field(factory=OfflinePolicy)
