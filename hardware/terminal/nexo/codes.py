"""The words of nexo as the house's words."""

from __future__ import annotations

from engine.terminal import Verdict

# Whoever was asked said no; every other failure ended the transaction before that question.
DECLINES = {
    "Refusal": "declined",
    "PaymentRestriction": "not_for_this_card",
    "InvalidCard": "card_invalid",
    "WrongPIN": "wrong_pin",
}
ABORTS = {
    "Aborted": "aborted_at_terminal",
    "Cancel": "aborted_at_terminal",
    "Busy": "busy_at_terminal",
    "DeviceOut": "device_out",
    "InsertedCard": "card_inserted",
    "LoggedOut": "not_registered",
    "MessageFormat": "message_refused",
    "NotAllowed": "function_not_allowed",
    "NotFound": "original_not_found",
    "UnavailableDevice": "device_unavailable",
    "UnavailableService": "function_not_possible",
    "UnreachableHost": "no_connection",
}
BUSY = "Busy"
IN_PROGRESS = ("InProgress", BUSY)
# What a terminal may say to a message that it has taken already, under the same name.
PERHAPS_TAKEN = ("Busy", "InProgress", "MessageFormat", "NotAllowed")
NOT_FOUND = "NotFound"
LINK_CODES = ("unreachable", "link_lost", "no_reply")  # ours: nothing was heard

STATUSES = {"OK": "ready", "Busy": "busy", "Maintenance": "maintenance",
            "Unreachable": "no_connection"}  # fmt: skip
# The shop's own printer has a `paper_out` too, and the register says which of them it is.
PRINTERS = {"NoPaper": "terminal_paper_out", "PaperJam": "paper_jam",
            "OutOfOrder": "printer_not_ready"}  # fmt: skip

PROGRESS = {
    "TENDER_CREATED": "insert_card",
    "CARD_INSERTED": "card_inserted",
    "CARD_PRESENTED": "card_presented",
    "CARD_SWIPED": "card_swiped",
    "WAIT_FOR_APP_SELECTION": "choose_application",
    "APPLICATION_SELECTED": "please_wait",
    "ASK_SIGNATURE": "sign",
    "CHECK_SIGNATURE": "check_signature",
    "SIGNATURE_CHECKED": "please_wait",
    "WAIT_FOR_PIN": "enter_pin",
    "PIN_ENTERED": "waiting_for_host",
    "PRINT_RECEIPT": "printing",
    "RECEIPT_PRINTED": "printed",
    "CARD_REMOVED": "card_removed",
    "TENDER_FINAL": "ended",
    "ASK_DCC": "choose_currency",
    "DCC_ACCEPTED": "please_wait",
    "DCC_REJECTED": "please_wait",
    "ASK_GRATUITY": "choose_tip",
    "GRATUITY_ENTERED": "please_wait",
    "PROVIDE_CARD_DETAILS": "type_card_number",
    "CARD_DETAILS_PROVIDED": "please_wait",
}
EVENTS = {
    "BeginMaintenance": "maintenance",
    "EndMaintenance": "ready",
    "CardInserted": "card_inserted",
    "CardRemoved": "card_removed",
    "NetworkConnected": "connected",
    "NetworkDisconnected": "no_connection",
    "OutOfOrder": "out_of_order",
    "SecurityAlarm": "security_alarm",
    "Shutdown": "switching_off",
    "Initialised": "ready",
}

ENTRIES = {
    "ICC": "chip",
    "SynchronousICC": "chip",
    "MagStripe": "magstripe",
    "Contactless": "contactless",
    "RFID": "contactless",
    "Tapped": "contactless",
    "Mobile": "contactless",
    "Keyed": "keyed",
    "Manual": "keyed",
    "Scanned": "scanned",
    "File": "on_file",
}
VERIFICATIONS = {
    "OnlinePIN": "online_pin",
    "OfflinePIN": "offline_pin",
    "PaperSignature": "signature",
    "SignatureCapture": "signature_capture",
    "Bypass": "none",
}
PINS = ("online_pin", "offline_pin")
SLIP_KINDS = {"CashierReceipt": "merchant", "CustomerReceipt": "customer"}
# What an end of day counts. Source: nexo Retailer Protocol 3.0, TransactionType.
REVERSALS = ("ReverseDebit", "ReverseCredit")
DEBITS = ("Debit", "CompletedDeffered", "CompletedReservation", "OneTimeReservation",
          "CashAdvance", "ReverseCredit")  # fmt: skip
CREDITS = ("Credit", "ReverseDebit")


def _snake(word: str) -> str:
    kept = [letter if letter.isascii() and letter.isalnum() else "_" for letter in word[:40]]
    return "".join(kept).lower()


def failure(condition: str) -> tuple[Verdict, str]:
    """What a failed transaction comes to. One that is said to run is not ended."""
    if condition == "InProgress":
        return Verdict.UNKNOWN, "in_progress"
    if condition in DECLINES:
        return Verdict.DECLINED, DECLINES[condition]
    return Verdict.ABORTED, ABORTS.get(condition) or f"failed_{_snake(condition) or 'unnamed'}"


def condition_word(status: str) -> str:
    """A stable word for a terminal's status."""
    return STATUSES.get(status) or f"status_{_snake(status) or 'unnamed'}"


def progress_word(event: str) -> str:
    """A stable word for what a terminal tells meanwhile."""
    return PROGRESS.get(event) or EVENTS.get(event) or f"event_{_snake(event) or 'unnamed'}"


def end_code(code: str, *, is_sent: bool) -> str:
    """Of what was not sent only what a person can mend is told apart."""
    return "not_sent" if not is_sent and code in LINK_CODES else code
