"""Functions that read bytes or text and are no target, and why: what comes there is nobody else's.

A name may have `*` in it. What is listed and reached all the same, or is no more, fails a test.
"""

from __future__ import annotations

_SAME = "gives what it hears to a decoder that is a target, and looks at nothing of it itself"
_OWN_STORE = "reads what this process itself stored, from a database that checks its own pages"
_OWN_SETUP = "reads what the owner of this machine wrote to set the store up"
_OWN_NUMBER = "makes a number or bytes of its own"
_FAKE = "is the other side of a conversation in tests and simulations"
_CHECKED = "looks at one field of what a target has taken"

NOT_FUZZED: dict[str, str] = {
    "actors/anchors.py:judge": _CHECKED,
    "actors/bookkeeper.py:Bookkeeper._prepare": _CHECKED,
    "actors/display_feed.py:DisplayFeed._show": _CHECKED,
    "actors/history.py:_data_of": _OWN_STORE,
    "actors/journal_lock.py:_holder_text": "reads a name for a message from a lock file of its own",
    "actors/link.py:Raw*": "reads the number of a pipe that the library put before a frame",
    "actors/links.py:Links._new_session_id": _OWN_NUMBER,
    "actors/terminals.py:TerminalDesk.*": _CHECKED,
    "actors/view_*.py:*": _OWN_STORE,
    "actors/views.py:ViewsActor._answer": _CHECKED,
    "countertop/child_nodes.py:main": _OWN_SETUP,
    "countertop/config.py:*": _OWN_SETUP,
    "countertop/doors_file.py:*": _OWN_SETUP,
    "countertop/memory.py:use_large_pages": "reads what the kernel says of this process",
    "countertop/remote.py:*": _SAME,
    "countertop/serving.py:_render": _CHECKED,
    "engine/credit/ledger.py:code_from": _OWN_NUMBER,
    "engine/order/coupons.py:*": _SAME,
    "engine/personal.py:is_token": _CHECKED,
    "engine/terminals.py:_elsewhere": _CHECKED,
    "engine/terminals.py:_unfit": _CHECKED,
    "engine/terminals.py:_why_not": _CHECKED,
    "hardware/compose.py:_authority": _OWN_SETUP,
    "hardware/display/fake.py:DisplayFake._received": _FAKE,
    "hardware/effects.py:EffectDesk._new_job": _CHECKED,
    "hardware/printer/device.py:PrinterDevice._next_marker": _OWN_NUMBER,
    "hardware/printer/raster.py:Bitmap.ink": _OWN_NUMBER,
    "hardware/scanner/session.py:ScannerSession.received": _SAME,
    "hardware/terminal/nexo/device.py:NexoDevice.live": _OWN_NUMBER,
    "hardware/terminal/nexo/play.py:*": _FAKE,
    "hardware/terminal/nexo/profile.py:Profile.*": _OWN_SETUP,
    "hardware/terminal/zvt/codec.py:command": _OWN_NUMBER,
    "hardware/terminal/zvt/device.py:ZvtDevice._events": _SAME,
    "hardware/terminal/zvt/fa[kr]*.py:*": _FAKE,
    "hardware/terminal/zvt/voice.py:*": _FAKE,
    "protocols/provider/actor.py:ProviderActor._read_keys": _OWN_SETUP,
    "protocols/provider/client.py:request": _OWN_SETUP,
    "protocols/provider/fake.py:*": _FAKE,
    "protocols/provider/settings.py:*": _OWN_SETUP,
    "verifier/proof.py:find_receipt": "reads records of a journal that a target has verified",
}
