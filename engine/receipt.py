"""Documents from frozen figures: the receipt and the Z report. Nothing here computes an amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.card_paper import customer_slips, tender_blocks
from engine.document import Align, Block, Document, columns, feed, rule, text
from engine.explain import explain
from engine.foreign import ForeignTotal
from engine.money import format_micros, format_minor, format_money, format_quantity, format_rate
from engine.order.events import (
    Audience,
)
from engine.order.figures import Figures, LineFigures, TaxFigures
from engine.order.state import Line, Order, charge_line
from engine.packs import ReceiptNeeds
from engine.receipt_reasons import reason_blocks
from engine.register import DayClosed, PromotionTotal, Totals
from engine.settings import Settings, StoreRules
from engine.staff import Staff
from engine.stamp import local_time
from engine.tax_paper import (
    exemption_blocks,
    letters_of,
    letters_of_taxes,
    names_of,
    rule_blocks,
    untaxed_minor,
)
from engine.words import words_of


def receipt_document(
    order: Order,
    settings: Settings,
    staff: Staff,
    *,
    copy: bool = False,
    explained: bool = False,
    needs: ReceiptNeeds | None = None,
) -> Document:
    """The receipt of a completed order. A reprint differs by its COPY mark and nothing else, but
    for the reasons of its prices below it where they were asked for.

    It is made under the rules its figures were frozen by, whatever the store's rules are now.
    `needs` are those of the tax rules it was made under, None where there were none.
    """
    completion, figures = order.completion, order.figures
    assert completion is not None, "only a completed order has a receipt"
    assert figures is not None
    settings = settings.at(figures.settings_version())
    rules = settings.required()
    words = words_of(rules.language)
    blocks = _head(rules)
    if needs is not None and "title" in needs.words:
        blocks.append(text(needs.words["title"], align=Align.CENTER))
    blocks += _training_mark(rules) if order.training else []
    stamp = local_time(completion.at_ns, completion.utc_offset_s)
    blocks += [columns(f"{words['receipt']} {completion.receipt_number}", stamp)]
    person = staff.operators.get(completion.operator)
    name = completion.operator if person is None else person.name
    blocks.append(text(f"{words['served_by']} {name}"))
    if order.dining is not None:
        blocks.append(text(words[order.dining.value]))
    blocks.append(rule())
    rows = {row.line: row for row in figures.lines}
    everything = (*order.live_lines(), *map(charge_line, figures.charges))
    letters = letters_of(everything, figures, settings.tax_classes)
    for line in order.live_lines():
        blocks += _line_blocks(line, rows[line.line], letters[line.line], rules)
    blocks += _notes(order.notes)
    blocks.append(rule())
    order_discount = sum(row.order_discount_minor for row in figures.lines)
    if order_discount:
        blocks.append(columns(words["order_discount"], _amount(order_discount, rules)))
    blocks += _charge_blocks(figures, letters, rules)
    if untaxed_minor(figures):
        blocks.append(columns(words["untaxed"], _amount(untaxed_minor(figures), rules)))
    blocks += _total_blocks(order, rules)
    blocks += _tax_blocks(figures.taxes, settings, letters_of_taxes(figures, letters))
    blocks += exemption_blocks(order, rules)
    if figures.recorded is not None:
        blocks.append(text(words["bundles_priced_again"]))
    if rules.receipt_footer:
        blocks += [feed(), text(rules.receipt_footer, align=Align.CENTER)]
    blocks += customer_slips(completion.tenders)
    if completion.head is not None:
        mark = f"{words['journal']} {completion.head.position}·{completion.head.digits}"
        blocks += [feed(), text(mark, align=Align.CENTER)]
    if explained:
        blocks += reason_blocks(explain(order, figures, rules), rules)
    title = f"{words['receipt']} {completion.receipt_number}"
    return Document(title, tuple(blocks), rules.language, copy)


def _charge_blocks(figures: Figures, letters: Mapping[int, str], rules: StoreRules) -> list[Block]:
    """Each charge apart from the goods, with its percentage and the letter of its tax."""
    blocks = []
    for entry in figures.charges:
        rate = f" {format_rate(entry.percent_ppm, rules.language)}" if entry.percent_ppm else ""
        mark = f" {letters[entry.line]}" if letters[entry.line] else ""
        blocks.append(columns(f"{entry.name}{rate}", _amount(entry.amount_minor, rules) + mark))
    return blocks


def _head(rules: StoreRules) -> list[Block]:
    blocks = [text(rules.name, align=Align.CENTER, bold=True, large=True)]
    blocks += [text(line, align=Align.CENTER) for line in rules.address]
    if rules.tax_number:
        blocks.append(text(rules.tax_number, align=Align.CENTER))
    return [*blocks, feed()]


def _training_mark(rules: StoreRules) -> list[Block]:
    words = words_of(rules.language)
    return [text(words["training"], align=Align.CENTER, bold=True), feed()]


def _amount(amount_minor: int, rules: StoreRules) -> str:
    return format_minor(amount_minor, rules.currency, rules.language)


def _line_blocks(line: Line, row: LineFigures, letter: str, rules: StoreRules) -> list[Block]:
    words = words_of(rules.language)
    item = line.item
    name = f"{item.name} {item.variation}".strip()
    mark = f" {letter}" if letter else ""
    blocks = [columns(name, _amount(row.amount_minor, rules) + mark)]
    plain = item.unit == "piece" and line.quantity_milli == 1000
    again = line.source is not None and line.source.priced_again_by > 0
    if again:
        blocks.append(text(f"  {words['priced_again']}"))
    elif not plain:
        quantity = format_quantity(line.quantity_milli, item.unit, rules.language)
        micros = row.unit_price_micros if row.unit_price_micros >= 0 else item.unit_price_micros
        price = format_micros(micros, rules.currency, rules.language)
        tare = ""
        if line.tare_milli:
            weight = format_quantity(line.tare_milli, item.unit, rules.language)
            tare = f" ({words['tare']} {weight})"
        blocks.append(text(f"  {quantity} x {price}{tare}"))
    if row.was_micros:
        was = format_micros(row.was_micros, rules.currency, rules.language)
        now = format_micros(row.unit_price_micros, rules.currency, rules.language)
        blocks.append(text(f"  {words['was']} {was}, {words['now']} {now}"))
    if row.comp_minor:
        blocks.append(columns(f"  {words['comp']}", _amount(row.comp_minor, rules)))
    blocks += [
        columns(f"  {entry.name}", _amount(entry.amount_minor, rules)) for entry in row.promotions
    ]
    if row.line_discount_minor:
        blocks.append(columns(f"  {words['discount']}", _amount(row.line_discount_minor, rules)))
    if line.source is not None:
        number = line.source.receipt_number
        told = f"{words['return_of']} {number}" if number else words["without_receipt"]
        blocks.append(text(f"  {told}"))
    return blocks + _notes(line.notes)


def _notes(notes: tuple[object, ...]) -> list[Block]:
    return [
        text(f"  {note.text}")
        for note in notes
        if getattr(note, "audience", None) is Audience.CUSTOMER and hasattr(note, "text")
    ]


def _total_blocks(order: Order, rules: StoreRules) -> list[Block]:
    completion, figures = order.completion, order.figures
    assert completion is not None
    assert figures is not None
    words = words_of(rules.language)
    key = "refund" if figures.total_minor < 0 else "total"
    total = format_money(figures.total_minor, rules.currency, rules.language)
    blocks = [columns(words[key], total, bold=True, large=True)]
    if completion.rounding_minor:
        blocks.append(columns(words["rounding"], _amount(completion.rounding_minor, rules)))
    for tender in completion.tenders:
        blocks += tender_blocks(tender, rules)
    if completion.change_minor:
        blocks.append(columns(words["change"], _amount(completion.change_minor, rules)))
    return [*blocks, *_point_blocks(figures, rules), rule()]


def _point_blocks(figures: Figures, rules: StoreRules) -> list[Block]:
    """The points that rewards cost the member, and those that came back with goods."""
    words = words_of(rules.language)
    told = (("points_spent", figures.points_spent()), ("points_back", figures.points_back()))
    return [columns(words[key], str(points)) for key, points in told if points]


def _tax_blocks(
    taxes: tuple[TaxFigures, ...], settings: Settings, letters: Sequence[str] = ()
) -> list[Block]:
    rules = settings.required()
    words = words_of(rules.language)
    blocks = []
    for at, (row, name) in enumerate(zip(taxes, names_of(taxes), strict=True)):
        if row.rule is not None:
            blocks += rule_blocks(row, name, letters[at] if letters else "", rules)
            continue
        tax = settings.tax_classes.get(row.tax_class)
        letter = "" if tax is None else f"{tax.letter} "
        rate = format_rate(row.rate_ppm, rules.language)
        blocks.append(
            columns(
                f"{letter}{words['tax']} {rate}  {words['net']} {_amount(row.base_minor, rules)}",
                _amount(row.tax_minor, rules),
            )
        )
    return blocks


def _promotion_blocks(rows: tuple[PromotionTotal, ...], rules: StoreRules) -> list[Block]:
    """Each promotion, how many sales had it, what the vendor pays of it, and what came back."""
    words = words_of(rules.language)
    blocks = []
    for row in rows:
        blocks.append(columns(f"    {row.sales} x {row.name}", _amount(row.amount_minor, rules)))
        if row.vendor_minor:
            blocks.append(columns(f"      {words['vendor']}", _amount(row.vendor_minor, rules)))
        if row.returned_minor:
            blocks.append(columns(f"      {words['returns']}", _amount(-row.returned_minor, rules)))
        if row.vendor_returned_minor:
            vendor = _amount(-row.vendor_returned_minor, rules)
            blocks.append(columns(f"        {words['vendor']}", vendor))
        if row.points:
            blocks.append(columns(f"      {words['points_spent']}", str(row.points)))
        if row.points_returned:
            blocks.append(columns(f"      {words['points_back']}", str(row.points_returned)))
    return blocks


def _comp_blocks(totals: Totals, rules: StoreRules) -> list[Block]:
    """What was given away, apart from discounts, and what it cost the shop."""
    if not totals.comps:
        return []
    words = words_of(rules.language)
    blocks = [columns(f"{words['comps']} ({totals.comps})", _amount(totals.comp_minor, rules))]
    if totals.comp_cost_minor:
        blocks.append(columns(f"  {words['at_cost']}", _amount(totals.comp_cost_minor, rules)))
    return blocks


def _foreign_blocks(rows: tuple[ForeignTotal, ...], rules: StoreRules) -> list[Block]:
    """The notes of each other currency and what they counted for, then what counts found wrong."""
    words = words_of(rules.language)
    blocks = []
    for row in rows:
        taken = format_minor(row.amount_minor, row.currency, rules.language)
        blocks.append(columns(f"  {row.currency} {taken}", _amount(row.worth_minor, rules)))
        if row.over_short_minor:
            wrong = format_minor(row.over_short_minor, row.currency, rules.language)
            blocks.append(columns(f"  {words['over_short']}", f"{row.currency} {wrong}"))
    return blocks


def z_document(
    event: DayClosed, settings: Settings, *, at: tuple[int, int], training: bool = False
) -> Document:
    """The printed Z; `at` is (now_ns, utc_offset_s). One of practice says so."""
    rules = settings.required()
    words = words_of(rules.language)
    totals = event.totals
    title = f"{words['z_report']} {event.register}-{event.z_number}"
    blocks = [
        *_head(rules),
        *(_training_mark(rules) if training else []),
        text(title, bold=True, align=Align.CENTER),
        columns(words["business_date"], event.business_date),
        columns(f"{words['register']} {event.register}", local_time(*at)),
        rule(),
        columns(words["sales"], str(totals.sales)),
        columns(words["receipts"], f"{totals.receipt_first} - {totals.receipt_last}"),
        columns(words["gross_sales"], _amount(totals.gross_minor, rules)),
        columns(words["returns"], _amount(-totals.returned_minor, rules)),
        columns(words["discounts"], _amount(totals.discount_minor, rules)),
        *(
            [columns(f"  {words['promotions']}", _amount(totals.promotion_minor, rules))]
            if totals.promotion_minor
            else []
        ),
        *_promotion_blocks(totals.promotions, rules),
        *_comp_blocks(totals, rules),
        *(
            columns(f"{row.sales} x {row.name}", _amount(row.amount_minor, rules))
            for row in totals.charges
        ),
        columns(words["net_sales"], _amount(totals.total_minor, rules), bold=True),
        rule(),
        *_tax_blocks(totals.taxes, settings),
        rule(),
        *(
            columns(words.get(kind, kind), _amount(amount, rules))
            for kind, amount in sorted(totals.tenders.items())
        ),
        *_foreign_blocks(totals.foreign, rules),
        *(
            columns(f"{words['tips']} {operator}", _amount(amount, rules))
            for operator, amount in sorted(totals.tips.items())
        ),
        columns(words["rounding"], _amount(totals.rounding_minor, rules)),
        columns(words["paid_in"], _amount(totals.paid_in_minor, rules)),
        columns(words["paid_out"], _amount(totals.paid_out_minor, rules)),
        columns(words["over_short"], _amount(totals.over_short_minor, rules)),
        rule(),
        columns(words["voided_orders"], str(totals.voided_orders)),
        columns(words["voided_lines"], str(totals.voided_lines)),
        columns(words["open_price"], _amount(totals.open_price_minor, rules)),
        columns(words["no_sales"], str(totals.no_sales)),
        columns(words["grand_total"], _amount(event.grand_total_minor, rules)),
    ]
    return Document(title, tuple(blocks), rules.language)
