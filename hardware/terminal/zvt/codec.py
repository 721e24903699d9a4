"""ZVT commands as bytes, and the terminal's messages as what they mean; no wire, no turn-taking.

Bytes are read and written by the floor, which keeps card data back. Amounts are minor units.
Source: PA00P015 revision 13.08, chapter 2 (commands), 3 (messages of the terminal).
"""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from engine.terminal import CardShown, ForPaper, Identity, Kind, SettledTotal, Transaction
from hardware.terminal.limits import DETAIL_CHARS_MAX, TRACE_NUMBERS
from hardware.terminal.zvt import codes
from hardware.terminal.zvt.letters import decoded
from hardware.terminal.zvt.objects import find, find_anywhere
from hardware.terminal.zvt.paper import for_paper
from native import ZvtMessage, mask_card_numbers, zvt_encode

REGISTER, AUTHORISE, RECALL = 0x0600, 0x0601, 0x0620
RESERVE, CAPTURE = 0x0622, 0x0624
# The whole of a reservation is let go by a command of its own: by that for a part of it (06 23)
# some terminals book what was reserved.
RELEASE, RELEASE_PART = 0x0625, 0x0623
REVERSE, REFUND, END_OF_DAY, ABORT, ENQUIRE = 0x0630, 0x0631, 0x0650, 0x06B0, 0x0501
SEND_OFFLINE = 0x0651
STATUS_INFO, INTERMEDIATE, COMPLETION, ABORTION = 0x040F, 0x04FF, 0x060F, 0x061E
PRINT_LINE, PRINT_BLOCK, SET_CLOCK = 0x06D1, 0x06D3, 0x0401
ENDS = (COMPLETION, ABORTION)
LIVELY = (INTERMEDIATE, PRINT_LINE, PRINT_BLOCK)
ACKNOWLEDGE = bytes.fromhex("800000")
NOT_READY = bytes.fromhex("849C00")
TAKE_BACK = bytes.fromhex("84A000")
UNKNOWN_COMMAND = bytes.fromhex("848300")

# The register prints, wants intermediate status, locks amounts and administration at the terminal.
CONFIG = 0x02 | 0x04 | 0x08 | 0x10 | 0x20 | 0x80
TIP = 0x08
TIP_WITHIN = 0x1F36  # the part of the amount that is a tip, as the terminal tells it too
# Told with each result: the application's names (42, 44, 4A), and what a chip has for each copy of
# a receipt (46, 47, 66, 67), for the case that the terminal sends no receipt of its own.
_FOR_PAPER = bytes.fromhex("F380")
_LONG_TRACE = 0x1F2B  # a trace number of more than six digits; field 0B is nought then
_TERMINAL_DECIDES = 0x40
_STATUS_AND_PRINT, _STATUS_WITHOUT_PRINT = 0x01, 0x03
_NUMBER_BYTES_MAX = 6
_ATTRIBUTE_BYTES = 8
_CONTROLS = {
    Kind.SALE: AUTHORISE,
    Kind.REFUND: REFUND,
    Kind.REVERSAL: REVERSE,
    Kind.RESERVATION: RESERVE,
    Kind.CAPTURE: CAPTURE,
    Kind.RELEASE: RELEASE,
}
Fields = list[tuple[int | str, Any]]


@frozen
class Profile:
    """What a shop sets for one terminal. `password` is its six digits; `columns` is how wide the
    receipt printer is, for the terminal's own lines. `terminal_id`, where set, is the only terminal
    to talk to: another at the same address is an alarm."""

    password: int = 0
    currency_code: int = 978
    columns: int = 42
    terminal_id: str = ""


def register(profile: Profile) -> bytes:
    """Log on and say what this register can do."""
    permitted = [(0x0A, bytes.fromhex("06D3"))]
    columns = bytes([profile.columns // 10 << 4 | profile.columns % 10])
    container = [(0x12, columns), (0x26, permitted), (0x40, _FOR_PAPER)]
    return zvt_encode(
        REGISTER,
        [
            ("password", profile.password),
            ("config", CONFIG),
            ("currency", profile.currency_code),
            (0x06, container),
        ],
    )


def enquire(profile: Profile) -> bytes:
    """How are you?"""
    return zvt_encode(ENQUIRE, [("password", profile.password), (0x03, 0x02)])


def recall(profile: Profile) -> bytes:
    """Tell your last transaction again without printing it."""
    return zvt_encode(RECALL, [("password", profile.password), (0x03, _STATUS_WITHOUT_PRINT)])


def repeat_receipt(profile: Profile) -> bytes:
    """Tell your last transaction again, and send its receipts as if it were new."""
    return zvt_encode(RECALL, [("password", profile.password), (0x03, _STATUS_AND_PRINT)])


def end_of_day(profile: Profile) -> bytes:
    """Settle with the host and begin a new day."""
    return zvt_encode(END_OF_DAY, [("password", profile.password)])


def send_offline(profile: Profile) -> bytes:
    """Present to the host what you took offline."""
    return zvt_encode(SEND_OFFLINE, [("password", profile.password)])


def abort() -> bytes:
    """End what you are doing."""
    return zvt_encode(ABORT, [])


def command(transaction: Transaction, profile: Profile) -> bytes:
    """A transaction as a command, fields in the order of the specification's table."""
    fields: Fields = []
    kind = transaction.kind
    original = transaction.original
    if kind in (Kind.REVERSAL, Kind.REFUND):
        fields.append(("password", profile.password))
    if original is not None and kind is not Kind.REFUND:
        fields.append((0x87, original.receipt))
    charged_minor = transaction.amount_minor + transaction.tip_minor
    fields += [(0x04, charged_minor), (0x49, transaction.currency_code)]
    if kind in (Kind.SALE, Kind.RESERVATION):
        fields.append((0x19, _TERMINAL_DECIDES | (TIP if transaction.tip_allowed else 0)))
    container: list[tuple[int, bytes]] = []
    if kind is Kind.CAPTURE and original is not None and original.trace:
        is_long = original.trace > TRACE_NUMBERS
        fields.append((0x0B, 0 if is_long else original.trace))
        if is_long:
            digits = str(original.trace)
            container.append((_LONG_TRACE, bytes.fromhex("0" * (len(digits) % 2) + digits)))
    if kind is Kind.CAPTURE:
        fields += _attribute(transaction.authorisation)
    if transaction.tip_minor:
        container.append((TIP_WITHIN, bytes.fromhex(f"{transaction.tip_minor:012}")))
    if transaction.partial_allowed:
        container.append((0x1F70, b"\x01"))
    if container:
        fields.append((0x06, container))
    return zvt_encode(_CONTROLS[kind], fields)


def _attribute(authorisation: str) -> Fields:
    """The reservation's authorisation attribute as the terminal told it: its booking must have it
    (chapter 2.13), and a terminal that knows the field and has no use for it passes it over (the
    list of fields, chapter 13)."""
    letters = authorisation.encode("ascii", errors="ignore")
    is_whole = 0 < len(authorisation) == len(letters) <= _ATTRIBUTE_BYTES
    return [(0x3B, letters.ljust(_ATTRIBUTE_BYTES, b"\0"))] if is_whole else []


@frozen
class StatusInfo:
    """The result of a transaction as the terminal tells it. None is what it did not tell.

    `host_result` is what the host answered in its own words, where that is a code nobody here knows
    the meaning of and the terminal says yes all the same. `original_trace` is that of the one it
    took back, 0 where it names none, None where it is no reversal; `is_day` where it is an end of
    day, which is no transaction.
    """

    result: int | None = None
    host_result: int = 0
    amount_minor: int | None = None
    tip_minor: int = 0
    currency_code: int = 0
    identity: Identity = field(factory=Identity)
    card: CardShown = field(factory=CardShown)
    authorisation: str = ""
    is_offline: bool = False
    detail: str = ""
    totals: tuple[SettledTotal, ...] = ()
    original_trace: int | None = None
    is_day: bool = False
    fault: str = ""
    paper: ForPaper = field(factory=ForPaper)

    @property
    def is_approved(self) -> bool:
        """Whether the terminal says yes."""
        return self.result == 0

    @property
    def is_reversal(self) -> bool:
        """Whether it took another back, and says so."""
        return self.original_trace is not None


def shown(message: ZvtMessage) -> tuple[str, str]:
    """What a `04 FF` has the customer see: a stable word and the terminal's own text."""
    texts = find(message.fields.get(0x06), 0x24) or []
    lines = [decoded(value) for tag, value in texts if tag == 0x07 and value]
    # Each line was searched; what two of them make together is searched again.
    text = mask_card_numbers(" ".join(lines))[:DETAIL_CHARS_MAX]
    return codes.progress_word(message.fields.get("status", 0xFF)), text


def why(message: ZvtMessage) -> str:
    """The terminal's own text of an error, in a `04 0F` or a `06 1E`."""
    return _text(find_anywhere(message.fields.get(0x06), 0x1F17))[:DETAIL_CHARS_MAX]


def refusal(message: ZvtMessage) -> str:
    """A stable word for a no (`84 xx`) to a command."""
    code = message.fields.get("result") or message.control & 0xFF
    return f"refused_{codes.result_word(code)}"


def status_info(message: ZvtMessage) -> StatusInfo:
    """What a `04 0F` says, as far as it could be read."""
    fields = message.fields
    objects = fields.get(0x06)
    detail = why(message) or _text(fields.get(0x3C))
    return StatusInfo(
        result=fields.get(0x27),
        host_result=_of_host(fields.get(0xA0)),
        amount_minor=fields.get(0x04),
        tip_minor=_digits(find_anywhere(objects, TIP_WITHIN)) or 0,
        currency_code=fields.get(0x49) or 0,
        identity=_identity(fields, objects),
        card=_card(fields, objects),
        authorisation=_code(fields.get(0x3B)),
        is_offline=fields.get(0x19) == 0x40 or find_anywhere(objects, 0x1F11) == b"\x00",
        detail=detail[:DETAIL_CHARS_MAX],
        totals=totals(fields.get(0x60)),
        original_trace=fields.get(0x37),
        is_day=0x60 in fields or ("field 60" in message.withheld and 0x87 not in fields),
        fault=message.fault or "",
        paper=for_paper(fields),
    )


def _of_host(code: int | None) -> int:
    """Only these come with a result of 0 although they may mean no; any other is the number of the
    host's yes, which real terminals tell as 01. Source: PA00P015 revision 13.08, chapter 10."""
    return code if code is not None and 0xA0 <= code <= 0xAF else 0


def terminal_id(fields: dict[int | str, Any]) -> str:
    """The terminal's number as eight digits; empty where it was not told."""
    number = fields.get(0x29)
    return "" if number is None else f"{number:08}"


def _identity(fields: dict[int | str, Any], objects: object) -> Identity:
    # Both counters begin at 1: a nought is a number that was not given.
    trace = fields.get(0x0B) or _digits(find_anywhere(objects, _LONG_TRACE)) or None
    date, time = fields.get(0x0D), fields.get(0x0C)
    return Identity(
        terminal_id=terminal_id(fields),
        trace=trace,
        receipt=fields.get(0x87) or None,
        date="" if date is None else f"{date:04}",
        time="" if time is None else f"{time:06}",
    )


def _card(fields: dict[int | str, Any], objects: object) -> CardShown:
    brand = codes.BRANDS.get(fields.get(0x8A, -1), "")
    application = find_anywhere(objects, 0x43)
    return CardShown(
        number=fields.get(0x22) or "",
        brand=brand or _text(fields.get(0x8B)).lower(),
        application_id=_hexadecimal(application),
        application_label=_text(find_anywhere(objects, 0x44))
        or _text(find_anywhere(objects, 0x42))
        or _text(find_anywhere(objects, 0x4A)),
        entry=codes.ENTRIES.get(_byte(find_anywhere(objects, 0x1F12)), ""),
        verification=codes.VERIFICATIONS.get(_byte(find_anywhere(objects, 0x1F10)), ""),
    )


def totals(data: bytes | None) -> tuple[SettledTotal, ...]:
    """Field 60: receipt numbers, then a count and a sum for each kind of card, noughts left out."""
    if data is None or len(data) < 4 + 7 * len(codes.TOTAL_NAMES):
        return ()
    found = []
    for place, name in enumerate(codes.TOTAL_NAMES):
        entry = data[4 + 7 * place : 11 + 7 * place]
        amount = _digits(entry[1:])
        if amount is not None and (entry[0] or amount):
            found.append(SettledTotal(name, entry[0], amount))
    return tuple(found)


def _text(data: object) -> str:
    return decoded(data.rstrip(b"\0 ")) if isinstance(data, bytes) else ""


def _code(data: object) -> str:
    """A short code in letters; nothing where it is something else, such as a number the floor
    masked."""
    if not isinstance(data, bytes):
        return ""
    is_letters = all(0x20 <= byte < 0x7F for byte in data.rstrip(b"\0"))
    return _text(data) if is_letters else ""


def _hexadecimal(data: object) -> str:
    return mask_card_numbers(data.hex().upper()) if isinstance(data, bytes) else ""


def _byte(data: object) -> int:
    return data[0] if isinstance(data, bytes) and data else -1


def _digits(data: object) -> int | None:
    """A number of at most twelve digits: a longer one could be a card's."""
    if not isinstance(data, bytes) or len(data) > _NUMBER_BYTES_MAX or not data.hex().isdecimal():
        return None
    return int(data.hex())
