"""What makes two commands of one id the same: its repeat is answered, another one is refused.

A front end whose answer was lost repeats what it sent, perhaps hours later: the person may have
another PIN by then, and the store may have been replaced by one whose commands have more fields.
So only what was sent is compared, and a field that nobody gave is left out.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

import attrs
import cattrs
from cattrs.gen import make_dict_unstructure_fn

from actors.asks import Submit
from engine.wire import canonical, make_converter, unstructure

# Salted, so never twice the same.
_SALTED = "pin_hash"
# What the register found of a PIN when the command came; a repeat may come after another was set.
_CHECKED = "pin_correct"


def hash_of(submit: Submit, body: Any, keyed: hmac.HMAC) -> bytes:
    """What tells two bodies of one id apart. Keyed, or a short note could be guessed from it."""
    data = _given(body)
    data.pop(_SALTED, None)
    data.pop(_CHECKED, None)
    parts = {
        "name": submit.name,
        "data": data,
        "register": submit.register,
        "approver": submit.approver,
    }
    return _mac(parts, keyed)


def is_repeat(stored: bytes, submit: Submit, body: Any, keyed: hmac.HMAC) -> bool:
    """Whether the command whose hash was stored is this very one.

    Journals of before hold a hash of every field, and of what was found of the PINs. No command
    has the one form's text in the other, so whichever fits is of this command.
    """
    if hmac.compare_digest(stored, hash_of(submit, body, keyed)):
        return True
    return hmac.compare_digest(stored, _hash_before(submit, body, keyed))


def _hash_before(submit: Submit, body: Any, keyed: hmac.HMAC) -> bytes:
    data = unstructure(body)
    data.pop(_SALTED, None)
    parts = {
        "name": submit.name,
        "data": data,
        "register": submit.register,
        "approver": submit.approver,
        "approver_pin_correct": submit.approver_pin_correct,
    }
    return _mac(parts, keyed)


def _mac(parts: dict[str, Any], keyed: hmac.HMAC) -> bytes:
    mac = keyed.copy()
    mac.update(canonical(parts))
    return mac.digest()


def _without_defaults() -> cattrs.Converter:
    """The converter of everything else, but that a field equal to its default is left out."""
    converter = make_converter(detailed=False)
    made: dict[type, Callable[[Any], Any]] = {}

    def factory(cls: type) -> Callable[[Any], Any]:
        hook = made.get(cls)
        if hook is None:
            hook = make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True)
            made[cls] = hook
        return hook

    converter.register_unstructure_hook_factory(attrs.has, factory)
    return converter


_CONVERTER = _without_defaults()
_hooks: dict[type, Callable[[Any], Any]] = {}


def _given(body: Any) -> dict[str, Any]:
    """The plain data of a command without the fields that are as they are when nobody gives them,
    at any depth."""
    kind = type(body)
    hook = _hooks.get(kind)
    if hook is None:
        hook = _hooks[kind] = _CONVERTER.get_unstructure_hook(kind)
    data: dict[str, Any] = hook(body)
    return data
