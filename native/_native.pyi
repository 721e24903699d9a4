"""The extension's types. Amounts are minor units, prices micros of the major unit, quantities
thousandths, rates parts per million."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, final

__all__ = [
    "Application",
    "Cart",
    "CartLine",
    "CheckedFramer",
    "CoreError",
    "ItemRow",
    "LengthFramer",
    "LineTax",
    "Modifier",
    "NexoKey",
    "NexoLink",
    "NexoMessage",
    "PriceBook",
    "PricedCart",
    "PricedLine",
    "PricedOrder",
    "PromotionSet",
    "SegmentBuilder",
    "TaxSum",
    "TaxTotal",
    "TaxedDocument",
    "TaxedLine",
    "TreeFrontier",
    "ZvtLink",
    "ZvtMessage",
    "apportion",
    "cash_round",
    "chain_hash",
    "chained_count",
    "crc_kermit",
    "emv_cryptogram",
    "emv_decode",
    "emv_dol",
    "emv_dol_build",
    "emv_encode",
    "emv_tag_name",
    "emv_tsi",
    "emv_tvr",
    "emv_verification",
    "extend_amount",
    "inclusion_proof",
    "leaf_hash",
    "mask_card_numbers",
    "nexo_frame",
    "nexo_hello",
    "nexo_read",
    "price_cart",
    "price_order",
    "tax_document",
    "verify_inclusion",
    "zvt_decode",
    "zvt_encode",
    "zvt_frame",
]

class CoreError(ValueError):
    """Input the floor refuses: out of range, malformed segment, overflow. Nothing was changed."""

def extend_amount(unit_price_micros: int, quantity_milli: int, minor_digits: int) -> int:
    """unit price × quantity in minor units, rounded half away from zero."""

def apportion(total_minor: int, weights: list[int]) -> list[int]:
    """Split `total_minor` over weights >= 0, largest remainder, ties to the lower index.

    Negative totals split as their positive, negated. Sums exactly. All weights zero: CoreError.
    """

def cash_round(amount_minor: int, step_minor: int, mode: str) -> int:
    """`amount_minor` to a multiple of `step_minor`; mode half_up | half_even | up | down, where up
    and down are away from and towards zero. Step 1 changes nothing."""

@final
class PricedLine:
    amount_minor: int  # unit price × quantity, before any discount
    line_discount_minor: int  # <= 0 for a sale line
    order_discount_minor: int  # this line's share, <= 0 for a sale line
    net_minor: int  # amount + both discounts: what the price side charges
    tax_minor: int  # this line's share of the document's tax for its rate
    base_minor: int  # without tax; total = base + tax
    total_minor: int  # with tax

@final
class TaxTotal:
    tax_index: int
    rate_ppm: int
    base_minor: int
    tax_minor: int
    total_minor: int

@final
class PricedOrder:
    lines: list[PricedLine]  # as given
    taxes: list[TaxTotal]  # used rates only, by tax_index
    subtotal_minor: int  # sum of amount_minor
    discount_minor: int  # sum of both discounts, <= 0 for sales
    tax_minor: int
    total_minor: int

def price_order(
    lines: list[tuple[int, int, int, int, int, bool, int, int]],
    order_discounts: list[tuple[int, int]],
    tax_rates_ppm: list[int],
    prices_include_tax: bool,
    rounding_scope: str,
    rounding_mode: str,
    minor_digits: int,
) -> PricedOrder:
    """Price a whole order in one call.

    Each line: (unit_price_micros, quantity_milli, tax_index, discount_kind, discount_value,
    discountable, fixed_total_minor, fixed_tax_minor). discount_kind: 0 none, 1 percent
    (discount_value ppm of the amount, half away from zero), 2 amount (minor units off, capped at
    the amount), 9 fixed: a return line whose total (negative) and tax are copied as given and that
    no discount touches. Each order discount (kind 1 or 2, value) applies to the running sum of the
    nets of discountable lines, in order, and is apportioned over them by their nets, largest
    remainder. rounding_scope line | rate_document; rounding_mode half_up | half_even | up | down
    (half_up: away from zero). With rate_document the tax of a rate is computed once over the sum
    of its non-fixed lines and apportioned back over them (each line's own exact tax, brought to
    integers by largest remainder), so line taxes always sum to the total. A line discount on an
    amount below zero is refused; order discounts pass such lines by.
    Inclusive: tax = round(total × rate / (1e6 + rate)), base = total - tax.
    Exclusive: tax = round(base × rate / 1e6), total = base + tax.

    Raises:
        CoreError: tax_index out of range, unknown kind or word, percent above 100 %, overflow.
    """

@final
class LineTax:
    tax_index: int
    base_minor: int  # what it is counted on
    tax_minor: int  # what the customer pays of it
    uncharged_minor: int  # what it comes to where it is not charged: self-assessed, or exempt
    exact_e5: int  # the computed tax, 1e-5 of the major unit, halves away from zero
    residual_minor: int  # its tax less its own exact figure rounded alone

@final
class TaxedLine:
    price_minor: int  # the marked amount after its discount
    net_minor: int  # without any tax
    tax_minor: int  # the charged taxes; gross = net + tax
    gross_minor: int
    net_exact_e5: int  # 1e-5 of the major unit, halves away from zero
    taxes: list[LineTax]  # as listed

@final
class TaxSum:
    tax_index: int
    base_minor: int  # these three are the sums of the lines'
    tax_minor: int
    uncharged_minor: int
    exact_e5: int  # the exact sum, 1e-5 of the major unit, halves away from zero
    rounding_e5: int  # tax and uncharged less the exact sum

@final
class TaxedDocument:
    lines: list[TaxedLine]  # as given
    taxes: list[TaxSum]  # those some line has, by tax_index
    price_minor: int  # each the sum of the lines'
    net_minor: int
    tax_minor: int
    gross_minor: int
    rounding_e5: int  # what rounding added: the sum of the charged taxes'

def tax_document(
    lines: list[tuple[int, int, str, int, list[int], list[tuple[str, int]]]],
    taxes: list[
        tuple[
            str,
            int,
            str,
            bool,
            bool,
            bool,
            str,
            tuple[int, bool, str, bool] | None,
            tuple[str, int, str] | None,
        ]
    ],
    policy: tuple[str, str, str, str, str, str, str],
    minor_digits: int,
) -> TaxedDocument:
    """Tax a whole document: each tax exact, rounded once, every sum in agreement.

    Each line: (unit_price_micros, quantity_milli, unit, discount_minor, tax_indexes in the order
    they are counted, [(unit, milli)] of what else the whole line measures). Units: piece | litre |
    kg | degree. Negative prices, quantities and discounts are taken as they are.

    Each tax: (kind, value, unit, included, affects_later, affected_by_previous, charge, threshold,
    cap). kind percent (ppm of its base), division (ppm of the amount with it in it; neighbours of
    equal flags are one batch and add up) or per_unit (micros for each `unit`; the unit is "" for
    the others). charge charged | reverse | exempt. threshold (amount_minor, exempt_at_amount, per
    item | receipt, excess): measured on the marked price after discounts, per piece or over all
    lines that have the tax. cap (tax | base, amount_minor, per item | receipt).

    policy: (level unit | line | rate_document | document; mode; extraction tax_first | net_first;
    residual largest | first | last | biggest; amounts rounded | exact; the mode of amounts; the
    base told of a division tax, gross | net). Modes as in `cash_round`. At level document the
    charged taxes are rounded as one sum; net_first rounds the net of a price with tax in it, by
    line, by list of taxes or over the document, and the tax is the rest.

    Raises:
        CoreError: a word or rate that is none, minor_digits outside 0 to 4, a tax listed twice on
            a line, division rates of 100 % or more together, a measure that is missing, a tax that
            is not charged but part of later bases, more than 20,000 lines, 256 taxes or 16 taxes
            of one line, overflow.
    """

@final
class PromotionSet:
    """Promotions, checked and compiled once; immutable, shared by carts and threads.

    Each promotion is a dictionary. `id` (unique), `class` and `benefit` must be there; None and a
    missing key are the same. Sets are named by their place in `sets`; bits are integers.

    * `class`: item | set | cart | coupon | manual | employee | loyalty | tender
    * `benefit`, where `off` is ("percent", ppm) | ("amount", minor) | ("price", minor):
      ("each", set, off) · ("bundle", [(set, count), ...], off) ·
      ("buy_get", buy_set, buy, get_set, get, off, "cheapest" | "dearest") ·
      ("tiers", set, [(from, off), ...], marginal, "cheapest" | "dearest") ·
      ("cart", set, off) · ("every_spend", set, step_minor, off_minor)
    * `sets`: [(items or None for all, exceptions), ...] by place in the price book; [(None, [])]
    * `gates`: [("min_quantity", set, count) | ("min_spend", set, minor) |
      ("min_sets", [set, ...], count, least), ...]; all must hold, the last where `least` of its
      sets have `count` units each
    * `version` 1, `priority` 0 (0 to 65,535), `group` (exclusive), `tags` and `stacks_with` (bits)
    * who: `stores`, `channels`, `customer_groups`, `tenders` (bits, 0 anybody), `coupon`,
      `points_min`
    * when: `start_s` and `end_s` (seconds since 1970, the end outside), `weekly` [(from, until),
      ...] in minutes of the store's local week; with `business_day` both are on the clock of the
      business day, which begins when trade does
    * `count_nondiscountable` False, `limit_per_cart`, `base` running | original, `spread` all |
      rewarded, `rounding` half_up | half_even | up | down, `vendor_ppm` 0

    Raises:
        CoreError: an empty set, an unknown item or set, a window that never opens, an amount below
            zero, a share above the whole, a duplicate id, a class without such a benefit, two of
            one group that agree to stack, an unknown key or word.
    """

    def __new__(cls, promotions: list[dict[str, Any]], item_count: int) -> PromotionSet: ...
    def __len__(self) -> int: ...

@final
class CartLine:
    line: int  # its number in the cart
    amount_minor: int  # unit price × quantity
    discount_minor: int  # <= 0: the sum of its modifiers
    net_minor: int

@final
class Modifier:
    """What one application of a promotion did to a line."""

    line: int
    promotion_id: int
    version: int
    application: int  # its place among the applications
    units: int
    amount_minor: int  # <= 0; 0 where units took part and carry no share
    before_minor: int
    after_minor: int
    rounding_micro: int  # the amount less the exact share, in millionths of a minor unit

@final
class Application:
    """Units a promotion took together, or in one stroke."""

    promotion_id: int
    version: int
    times: int  # equal deals, or full steps of a threshold
    saving_minor: int  # >= 0
    vendor_minor: int  # the vendor's part of it
    units: list[tuple[int, int, int]]  # line, units, minor units off

@final
class PricedCart:
    lines: list[CartLine]  # by number
    modifiers: list[Modifier]  # by line, in the order they apply
    applications: list[Application]
    subtotal_minor: int
    discount_minor: int  # <= 0
    total_minor: int
    proof: str  # "proven" | "searched" | "greedy": how far the saving is known to be the largest

def price_cart(
    promotions: PromotionSet,
    lines: list[tuple[int, int, int, bool, bool, int]],
    facts: dict[str, Any] | None = None,
    minor_digits: int = 2,
) -> PricedCart:
    """Price a whole cart. The order of the lines changes nothing.

    Each line: (item, unit_price_micros, quantity_milli, pieces, discountable,
    floor_price_micros). `item` is its place in the price book, 2**32 - 1 for none. With `pieces` a
    whole quantity is so many units, else the line is one unit. Lines of zero or less are passed
    by. `facts`, all optional: `store`, `channel`, `customer_groups`, `tenders` (bits), `coupons`,
    `points`, `now_s` (since 1970), `week_s` (since Monday 00:00 on the store's clock),
    `business_week_s` (since Monday's business day began; without it days begin at midnight),
    `caps`
    [(promotion id, applications left or None, minor units left or None), ...], `policy` best |
    strict_priority.

    Raises:
        CoreError: a sum past 64 bits, more than 1,000,000 units or 100,000 lines, a floor below
            zero, an unknown key or word.
    """

@final
class Cart:
    """A cart that re-prices only what a change touches, and agrees with `price_cart`.

    With `effort` "quick" large contests are settled by a few ways only, in microseconds: it may
    then cost up to a few percent of the saving more than `price_cart` says, and never less.

    A change answers ([(line, its new net), ...], total_minor); a removed line is not among them.
    Lines keep their numbers. A refusal changes nothing. One thread at a time.
    """

    def __new__(
        cls,
        promotions: PromotionSet,
        facts: dict[str, Any] | None = None,
        minor_digits: int = 2,
        effort: str = "thorough",
    ) -> Cart: ...
    def add_line(
        self, line: tuple[int, int, int, bool, bool, int]
    ) -> tuple[list[tuple[int, int]], int]: ...
    def change_line(
        self, number: int, line: tuple[int, int, int, bool, bool, int]
    ) -> tuple[list[tuple[int, int]], int]: ...
    def remove_line(self, number: int) -> tuple[list[tuple[int, int]], int]: ...
    def set_facts(self, facts: dict[str, Any] | None) -> tuple[list[tuple[int, int]], int]: ...
    @property
    def total_minor(self) -> int: ...
    def priced(self) -> PricedCart: ...
    def explain(self, number: int) -> list[tuple[int | None, int]]:
        """(None, the amount), then (promotion id, its part <= 0): they sum to the line's net."""
    def why_not(self, promotion_id: int) -> tuple[str, dict[str, int]]:
        """The first clause of a promotion that fails, with its figures.

        applied (saving_minor) | outside_window | other_store | other_channel |
        other_customer_group | coupon_missing | other_tender | too_few_points | limit_reached |
        no_item | item_excluded (line) | quantity_too_small (have_count, need_count) |
        spend_too_small (have_minor, need_minor) |
        sets_too_few (have_count, need_count) | price_floor | no_saving |
        units_consumed (by, alone_minor) | lost_to_better (by, alone_minor).
        """

@final
class ItemRow:
    """One sellable position (an item's variation)."""

    item_id: str
    name: str
    variation: str
    department: str
    tax_class: str
    unit_price_micros: int
    unit: str  # "piece" | "kg" | "l" | "m"
    open_price: bool
    discountable: bool
    group: str  # id of the item a variation belongs to; its own item_id when it stands alone
    image: str  # emoji or picture name, for grids
    sort: int  # place in the grid; 0 = not in the grid
    measures: tuple[int, int, int]  # thousandths of litres, kilograms, degrees one has besides
    # Set by a code look-up only:
    code: str
    factor_milli: int  # pieces the code stands for: 1000 each, 12000 a case of twelve
    def __new__(
        cls,
        item_id: str,
        name: str,
        variation: str,
        department: str,
        tax_class: str,
        unit_price_micros: int,
        unit: str = "piece",
        open_price: bool = False,
        discountable: bool = True,
        group: str = "",
        image: str = "",
        sort: int = 0,
        measures: tuple[int, int, int] = (0, 0, 0),
    ) -> ItemRow: ...

@final
class SegmentBuilder:
    """Collects rows and codes and builds the canonical bytes of a catalog segment.

    The same content in any order gives the same bytes. Later puts of an item or code win.
    """

    def __init__(self) -> None: ...
    @staticmethod
    def from_segment(data: bytes) -> SegmentBuilder: ...
    def put_item(self, item: ItemRow) -> None: ...
    def put_code(
        self, code: str, item_id: str, unit_price_micros: int = -1, factor_milli: int = 1000
    ) -> None:
        """Let `code` sell `item_id`; a price >= 0 overrides the item's for the whole pack."""
    def remove_item(self, item_id: str) -> None:
        """Take an item and its codes out."""
    def merge(self, data: bytes) -> None:
        """Put every item and code of another segment on top of this one."""
    def build(self) -> bytes: ...

@final
class PriceBook:
    """Immutable: one base segment and a small overlay. Shared freely between threads."""

    @staticmethod
    def empty() -> PriceBook: ...
    @staticmethod
    def from_segment(data: bytes) -> PriceBook: ...
    @property
    def item_count(self) -> int: ...
    @property
    def segment_hash(self) -> bytes:
        """SHA-256 of the base segment's bytes."""
    def with_item(self, item: ItemRow, codes: list[tuple[str, int, int]]) -> PriceBook:
        """A new book in which `item` and exactly these codes (code, price or -1, factor_milli)
        replace what it had."""
    def without_item(self, item_id: str) -> PriceBook: ...
    def to_segment(self) -> bytes:
        """Base and overlay as one canonical segment."""
    def find_item(self, item_id: str) -> ItemRow | None: ...
    def find_code(self, code: str) -> ItemRow | None:
        """The row a code sells, with `code` as the catalog has it and `factor_milli`; its price is
        the pack's (the code's own, or unit price × factor). None where `find_codes` has not one."""
    def find_codes(self, code: str) -> list[ItemRow]:
        """Every row `code` may mean: an exact code alone, else all whose GTIN-14 form is equal."""
    def codes_of(self, item_id: str) -> list[tuple[str, int, int]]: ...
    def search(self, text: str, limit: int) -> list[ItemRow]:
        """Best matches first: a code or id as typed, codes and ids that start so, names by word
        prefix, then names within one typing error of each word of 3 letters (two from 6 on) or with
        words written together or apart. Below 3 letters the starts of codes and ids come last. Case
        and accents do not matter. Releases the GIL."""
    def grid(self, department: str, limit: int) -> list[ItemRow]:
        """Rows with sort > 0 (all departments when empty), by sort then name."""
    def departments(self) -> list[str]:
        """Names in use, sorted."""
    def items(self, offset: int, limit: int) -> list[ItemRow]:
        """By item_id."""

def chain_hash(
    store: str, kind: str, epoch: int, position: int, previous: bytes, payload: bytes
) -> bytes:
    """SHA-256 over b"countertop.record.v1\\0", then store and kind each with a u32 big-endian
    length, epoch and position as u64 big-endian, previous (32 bytes), SHA-256(payload)."""

def chained_count(
    store: str,
    rows: list[tuple[Any, ...]],
    start: int,
    expected: int,
    previous: bytes,
) -> int:
    """How many rows from `start` on are each the next of the chain, beginning with position
    `expected` after the hash `previous`, and say in their columns what their payloads do.

    A row is (position, epoch, kind, stream, stream version, name, command id, payload, hash). The
    first that is not, or cannot be told without reading it (a text that JSON escapes), ends the
    count: the caller looks at that one itself."""

def leaf_hash(record_hash: bytes) -> bytes:
    """SHA-256(0x00 ‖ record_hash). Source: RFC 6962 §2.1."""

@final
class TreeFrontier:
    """The right edge of an RFC 6962 Merkle tree over record hashes: O(log n) memory."""

    def __init__(self) -> None: ...
    @staticmethod
    def from_bytes(data: bytes) -> TreeFrontier: ...
    def to_bytes(self) -> bytes: ...
    @property
    def size(self) -> int: ...
    def append(self, record_hash: bytes) -> None: ...
    def root(self) -> bytes:
        """SHA-256 of the empty string when size is 0."""

def inclusion_proof(record_hashes: list[bytes], index: int) -> list[bytes]:
    """The audit path of `index` in the tree over all of `record_hashes`. RFC 6962 §2.1.1."""

def verify_inclusion(
    record_hash: bytes, index: int, size: int, proof: list[bytes], root: bytes
) -> bool: ...

# ------------------------------------------------------------------------------ card terminals

def emv_decode(data: bytes, trailing_ff: bool = False) -> list[tuple[int, Any]]:
    """Every object of a chip's message in its order: (tag, bytes), or (tag, list) for a template.

    A card number is masked to its first six and last four digits (half bytes E between); what may
    not be told at all is None. Raises `CoreError` naming what is wrong and at which byte.
    """

def emv_encode(objects: Iterable[tuple[int, Any]]) -> bytes:
    """The shortest bytes of such objects."""

def emv_dol(list: bytes) -> list[tuple[int, int]]:
    """What a data object list asks for: tag and bytes, in order."""

def emv_dol_build(list: bytes, values: Sequence[tuple[int, bytes]]) -> bytes:
    """The answer to a data object list, each value cut or padded by its format."""

def emv_tag_name(tag: int) -> str | None: ...
def emv_tvr(value: bytes) -> list[str]:
    """Names of the bits set in tag 95 (5 bytes)."""

def emv_tsi(value: bytes) -> list[str]:
    """Names of the bits set in tag 9B (2 bytes)."""

def emv_cryptogram(information: int) -> str:
    """What the card decided (tag 9F27): declined, approved, go_online or reserved."""

def emv_verification(value: bytes) -> tuple[str, str, str, bool]:
    """Tag 9F34 (3 bytes): method, condition, result, and whether another may follow a failure."""

def mask_card_numbers(text: str) -> str:
    """The text with all digits but the first six and last four of what looks like a card number
    as `*`: 13 to 19 digits of an issuer with the right check digit, single spaces or dashes
    between them allowed."""

@final
class NexoKey:
    """What a shop and its terminals share: seals messages and opens theirs.

    Making one takes milliseconds. `version` is 0 to 4,294,967,295. What follows from the
    passphrase is wiped when the object goes.
    """

    def __new__(cls, identifier: str, version: int, passphrase: str) -> NexoKey: ...
    def seal(self, plain: bytes, nonce: bytes) -> tuple[str, str]:
        """Blob and MAC in base64. Raises `ValueError` unless a nonce has 16 bytes."""

    def open(
        self, data: bytes, number: Callable[[str], Any], poi_id: str = ""
    ) -> tuple[str, dict[str, Any] | None, dict[str, Any]]:
        """Side, clear header and message of an envelope, as `nexo_read` tells them.

        The plain text is wiped before this returns. Raises `CoreError` with a code and a detail.
        """

def nexo_read(data: bytes, number: Callable[[str], Any], poi_id: str = "") -> dict[str, Any]:
    """What may be told of a message: of the members that are read, and of no others, with card
    numbers masked in every way of writing. `number` makes an object of a number's digits; pairs in
    texts are dictionaries. `poi_id` is the terminal it is expected from: its own name is told as it
    stands, and so is a name it gives a transaction, where it is made as such names are.

    Raises `CoreError` with a code and a detail.
    """

@final
class NexoMessage:
    """A message of a nexo terminal that came whole.

    `status` is that of HTTP (200 for what has none), `is_kept` whether the other side leaves the
    connection open. `opened` is as `NexoKey.open` has it, where the status is 200 and something was
    carried; `trouble` is a code and a detail where it could not be opened.
    """

    @property
    def status(self) -> int: ...
    @property
    def is_kept(self) -> bool: ...
    @property
    def is_empty(self) -> bool: ...
    @property
    def opened(self) -> tuple[str, dict[str, Any] | None, dict[str, Any]] | None: ...
    @property
    def trouble(self) -> tuple[str, str] | None: ...

@final
class NexoLink:
    """What comes on one connection to a nexo terminal: `answer` of HTTP to one question, `post` of
    somebody who tells something, `socket` of a WebSocket that was asked for with a nonce of 16
    bytes. `poi_id` is as `nexo_read` has it. Buffers are of fixed size and wiped after use.

    Events are messages, and the words open, ended, link_lost, http_broken, too_long,
    method_unknown, no_websocket; after any of these but `open` nothing more is read.
    """

    def __new__(
        cls,
        kind: str,
        key: NexoKey,
        number: Callable[[str], Any],
        nonce: bytes | None = None,
        poi_id: str = "",
    ) -> NexoLink: ...
    @property
    def room(self) -> bytearray:
        """Where what is decrypted is put: of one size, and of noughts but for that moment."""

    def heard(self, count: int) -> list[NexoMessage | str]:
        """Take the first `count` bytes of the room; all of it is wiped."""

    def ended(self) -> list[NexoMessage | str]:
        """The other side will send nothing more, and said so."""

    def owed(self, mask: bytes) -> bytearray:
        """A frame that has to be sent because of what came; empty if none. To be wiped once it was
        sent: it may say what the other side said."""

    def drop_all(self) -> None:
        """Forget all that was read, and read nothing more."""

    @property
    def is_clean(self) -> bool:
        """Whether no byte received is kept anywhere in the buffers."""

def nexo_hello(host: str, path: str, nonce: bytes) -> bytes:
    """The question for a WebSocket. Raises `ValueError` unless a nonce has 16 bytes."""

def nexo_frame(payload: bytes, mask: bytes) -> bytes:
    """A text message of a WebSocket. Raises `ValueError` unless a mask has 4 bytes."""

@final
class ZvtMessage:
    """One ZVT message, read and screened.

    `control` is class and instruction, such as 0x040F. `fields` has the words of `zvt_encode` or a
    field's tag to an int, bytes, a masked card number (str), nested (tag, value) lists, or None for
    a number that is none. `withheld` names fields that were there and may not be told. `fault`
    says where reading stopped, with what was read before it in `fields`. `check` is the frame's
    check value on a serial line.
    """

    @property
    def control(self) -> int: ...
    @property
    def fields(self) -> dict[int | str, Any]: ...
    @property
    def withheld(self) -> list[str]: ...
    @property
    def fault(self) -> str | None: ...
    @property
    def check(self) -> int: ...

@final
class ZvtLink:
    """The bytes of one ZVT terminal, in any pieces. Buffers are of fixed size and wiped after use.

    Events are messages, and the words ack, nak, bad_check, bad_form, too_long.
    """

    def __new__(cls, is_serial: bool) -> ZvtLink: ...
    is_enquiry: bool  # whether the next completion answers a status enquiry
    def feed(self, data: bytes) -> list[ZvtMessage | str]: ...
    def read_from(self, descriptor: int) -> list[ZvtMessage | str] | None:
        """Read at most 4096 bytes from a descriptor; None where there are none yet.

        Raises `EOFError` when the other side closed, `OSError` when the line is gone.
        """
    def drop_partial(self) -> bool:
        """Forget a message that has begun; whether one had."""
    @property
    def is_partial(self) -> bool: ...
    @property
    def garbage_bytes(self) -> int: ...
    @property
    def is_clean(self) -> bool:
        """Whether no byte received is kept anywhere in the buffers."""

def zvt_decode(data: bytes, is_enquiry: bool = False) -> ZvtMessage:
    """Read one whole message. Raises `CoreError` where its head does not fit its length."""

def zvt_encode(control: int, fields: list[tuple[int | str, Any]]) -> bytes:
    """Write one message: fields in the order given, by tag, or by the word of one that stands first
    (password, new_password, config, currency, first, last, status, timeout_minutes, result,
    attribute, text, software). Raises `CoreError` for a value a field does not take."""

def zvt_frame(message: bytes) -> bytes:
    """A message as it goes over a serial line."""

def crc_kermit(data: bytes) -> int: ...

@final
class CheckedFramer:
    """Frames between STX and ETX with a check byte, profile `concert` or `ecr17`.

    Events are the data of a frame with card numbers masked, and the words ack, nak, enq, eot,
    bad_check, bad_form, too_long.
    """

    def __new__(cls, profile: str, bytes_max: int) -> CheckedFramer: ...
    def feed(self, data: bytes) -> list[bytes | str]: ...
    def frame(self, data: bytes) -> bytes: ...
    def drop_partial(self) -> bool: ...
    @property
    def is_partial(self) -> bool: ...
    @property
    def is_clean(self) -> bool: ...

@final
class LengthFramer:
    """Frames behind a big-endian length of 2 or 4 bytes. Events as of `CheckedFramer`; after
    too_long everything is dropped until `drop_partial`."""

    def __new__(cls, width_bytes: int, bytes_max: int) -> LengthFramer: ...
    def feed(self, data: bytes) -> list[bytes | str]: ...
    def frame(self, data: bytes) -> bytes: ...
    def drop_partial(self) -> bool: ...
    @property
    def is_partial(self) -> bool: ...
    @property
    def is_clean(self) -> bool: ...
