"""ZVT's numbers as words. Source: PA00P015 revision 13.08, chapters 10 (results), 11 (status)."""

from __future__ import annotations

from engine.terminal import ALREADY_REVERSED

RESULTS = {
    0x00: "ok",
    0x64: "card_unreadable",
    0x65: "no_card_data",
    0x66: "processing_error",
    0x67: "function_not_allowed",
    0x68: "function_not_allowed",
    0x6A: "journal_full",
    0x6B: "not_registered",
    0x6C: "aborted_at_terminal",
    0x6E: "card_blocked",
    0x6F: "wrong_currency",
    0x71: "not_creditworthy",
    0x72: "chip_error",
    0x73: "card_data_wrong",
    0x77: "end_of_day_not_possible",
    0x78: "card_expired",
    0x79: "card_not_yet_valid",
    0x7A: "card_unknown",
    0x7D: "communication_error",
    0x83: "function_not_possible",
    0x85: "key_missing",
    0x89: "pin_pad_fault",
    0x9A: "protocol_error",
    0x9B: "dialling_failed",
    0x9C: "please_wait",
    0xA0: "receiver_not_ready",
    0xA1: "host_silent",
    0xA3: "no_connection",
    0xB1: "memory_full",
    0xB2: "journal_full",
    0xB4: ALREADY_REVERSED,
    0xB5: "reversal_not_possible",
    0xB7: "amount_wrong",
    0xB8: "reservation_unknown",
    0xC3: "amount_too_high",
    0xC6: "wrong_currency",
    0xC8: "amount_too_low",
    0xC9: "amount_too_low",
    0xCC: "printer_not_ready",
    0xD2: "not_for_this_card",
    0xDC: "card_inserted",
    0xE2: "card_reader_fault",
    0xF0: "end_of_day_required",
    0xF1: "offline_not_possible",
    0xFF: "system_error",
}
NOTHING_KEPT = RESULTS[0x83]  # how a terminal that was asked for its last says that it has none
# The card or its issuer said no; every other failure ended the transaction before that question.
DECLINES = {*range(0x01, 0x64), 0x6E, 0x71, 0x78, 0x79, 0x7A, 0xD2}

CONDITIONS = {
    0x00: "ready",
    0x51: "must_be_initialised",
    0x62: "date_must_be_set",
    0x9C: "please_wait",
    0xB1: "end_of_day_required",
    0xC1: "needs_diagnosis",
    0xC2: "needs_diagnosis",
    0xC4: "needs_update",
    0xCC: "terminal_paper_out",
    0xDC: "card_inserted",
    0xE1: "card_must_be_removed",
    0xF0: "end_of_day_required",
}
_SERVICE = {0xBF, 0xC0, 0xDF, 0xE0, 0xE2, 0xE4}

PROGRESS = {
    0x00: "confirm_amount",
    0x01: "look_at_pin_pad",
    0x02: "look_at_pin_pad",
    0x03: "not_accepted",
    0x04: "waiting_for_host",
    0x05: "reversing",
    0x07: "card_not_allowed",
    0x08: "card_unknown",
    0x09: "card_expired",
    0x0A: "insert_card",
    0x0B: "remove_card",
    0x0C: "card_unreadable",
    0x0D: "aborted",
    0x0E: "please_wait",
    0x0F: "ending_day",
    0x10: "card_invalid",
    0x12: "malfunction",
    0x13: "not_possible",
    0x15: "wrong_pin",
    0x16: "limit_reached",
    0x17: "please_wait",
    0x18: "too_many_pins",
    0x1D: "declined",
    0xCC: "enter_pin",
    0xF1: "offline",
    0xF2: "online",
    0xF3: "offline_transaction",
    0xFF: "text",
}
REMOVE_CARD = 0x40

VERIFICATIONS = {
    0x00: "none",
    0x01: "signature",
    0x02: "online_pin",
    0x03: "offline_pin",
    0x04: "offline_pin",
    0x05: "offline_pin_and_signature",
    0x06: "offline_pin_and_signature",
    0x07: "online_pin_and_signature",
}
ENTRIES = {0x00: "magstripe", 0x01: "chip", 0x02: "contactless"}
BRANDS = {
    0x02: "ec",
    0x05: "girocard",
    0x06: "mastercard",
    0x08: "amex",
    0x0A: "visa",
    0x0B: "visa_electron",
    0x0C: "diners",
    0x0D: "v_pay",
    0x0E: "jcb",
    0x2E: "maestro",
}
SLIP_KINDS = {1: "merchant", 2: "customer", 3: "administrative"}
TOTAL_NAMES = ("girocard", "jcb", "mastercard", "amex", "visa", "diners", "other")


def result_word(code: int) -> str:
    """A stable word for a result code."""
    if 0x01 <= code <= 0x63:
        return f"declined_{code:02x}"
    return RESULTS.get(code, f"result_{code:02x}")


def condition_word(code: int | None) -> str:
    """A stable word for a terminal status; None is one that was not told or could not be read."""
    if code is None:
        return "status_not_told"
    return "needs_service" if code in _SERVICE else CONDITIONS.get(code, f"status_{code:02x}")


def progress_word(code: int) -> str:
    """A stable word for an intermediate status; the "remove card" kinds count as theirs."""
    plain = code & ~REMOVE_CARD if code not in PROGRESS and code < 0x80 else code
    return PROGRESS.get(plain, f"status_{code:02x}")
