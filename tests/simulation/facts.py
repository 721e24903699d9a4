"""What the simulated shop is, in plain words and numbers: what its goods cost, what comes off them,
which taxes there are, what the bank keeps.

`shop.py` sets the shop up with it, cashiers sell by it, and it is all the auditor knows beforehand.
"""

from __future__ import annotations

from typing import Final

STORE_ID = "simulated"
JOURNAL = "/shop/journal.db"
REGISTERS = ("1", "2", "3")
OPERATOR, PIN = "max", "1234"
CASHIER, MANAGER = "lea", "kim"  # she may little; the other mistypes now and then
PINS = {OPERATOR: PIN, CASHIER: "2468", MANAGER: "1357"}
WRONG_PIN = "9999"
RIGHTS = ("sell", "open_price", "till", "x_report")  # which a cashier has at any time
MORE_RIGHTS = ("discount", "void_line", "reprint", "no_sale", "refund")  # and which not always
FLOAT = [{"value_minor": 1000, "count": 10}]
FLOAT_MINOR = 10_000
PRICES = {
    "bread": 350, "milk": 129, "wine": 799, "book": 1200, "water": 60, "tea": 2499, "bun": 95,
    "gin": 1333, "pie": 333, "cake": 450, "beer": 390,
}  # fmt: skip
BUN = "bun"  # three for the price of two, and the rest is priced again when one comes back
GIN = "gin"  # has a levy on its price, and on both a tax of its own
PIE, PIE_PPM = "pie", 150_000  # so much off all of them together, kept by those that stay
CAKE, CAKE_POINTS = "cake", 40  # free for so many points
BEER, BEER_PPM = "beer", {"cash": 100_000, "card": 200_000}  # cheaper for who pays so
APART = (BUN, GIN, PIE, CAKE, BEER)  # sold by workloads of their own
VOUCHER, VOUCHER_MINOR = "BD-", 100  # what codes begin with, and what one takes off the wine
PARTY, SERVICE_PPM = 6, 100_000  # from so many guests on, service is charged
TRADE, TRADE_PRICES = "trade", {"wine": 699, "tea": 1999}  # what they cost who is of that group
TO_GO, TO_GO_PRICES = "takeaway", {"bread": 300, "milk": 119}  # what they cost to take away
CEILING_MINOR = 3_000  # how much of goods without a receipt comes back in an order
PROVIDER = "provider/qr"
BANK, FEE_PPM, FEE_FIXED_MINOR = "bank", 9_000, 5  # what it keeps of each payment
TAX_PPM = 70_000  # in every price, on everything sold; who has a certificate pays without
LEVY_PPM, SPIRITS_PPM = 75_000, 190_000  # on top of the price of gin: the second on both
TIME_ZONE, CUTOFF_HOURS = "Europe/Berlin", 4  # a day goes on until so long after midnight
COINS = (1, 5, 10)  # what the smallest may be; the first to begin with
FRANC, FRANC_MICROS = "CHF", 1_062_500  # what one is worth
FRANC_NOTE_MINOR = 1_000
OFFLINE: Final = {
    "payment_minor": 6_000, "operator_minor": 16_000, "register_minor": 12_000,
    "total_minor": 24_000, "age_s": 900,
}  # fmt: skip
"""How much the shop takes without the bank."""
ALONE_MINOR = 8_000  # what its terminals would take alone
START_NS = 1_795_420_800_000_000_000  # 2026-11-23, nine in the morning in Berlin
