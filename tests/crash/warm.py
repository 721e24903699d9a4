"""What a zygote has done before it forks, so that no life has to do it again.

A node imports some modules when it first needs them, looks for the machine's time zones once, and
makes the functions that read and write a class when one first crosses. From nothing that is half a
life's work of a processor; the lives that start from nothing still do it.
"""

from __future__ import annotations

import gc
import importlib
import linecache
import sys
import typing
from collections.abc import Iterable
from typing import Any

import attrs

from actors import history, repeats
from actors.anchor_keeper import Held, HoldAnchor
from actors.anchors import Anchor
from actors.asks import Ask, Reply
from actors.messages import MESSAGES
from countertop.config import Config
from countertop.doors_file import OpenDoors
from engine import wire
from engine.books import Books
from engine.decision import COMMANDS, EVENTS
from engine.effects import EFFECTS
from engine.image import books_from, image_of
from engine.outbox import PendingEffect
from engine.queries import ANSWERS, QUERIES
from protocols.front.frames import FRAMES

LATE_MODULES = (
    "anyio._backends._trio",
    "anyio.abc",
    "encodings.cp437",
    "encodings.cp858",
    "encodings.idna",
    "hardware.compose",
    "hardware.terminal.finder",
    "importlib.resources.readers",
    "PIL.ImageDraw",
    "PIL.ImageFont",
    "tzdata",
)
TRACED = ("actors", "countertop", "protocols", "tests", "trio")
REGISTRIES = (MESSAGES, COMMANDS, EVENTS, EFFECTS, QUERIES, FRAMES)
PLAIN = (Anchor, Ask, Config, Held, HoldAnchor, OpenDoors, PendingEffect, Reply)


def warm() -> None:
    """Do it, and put all of it out of the sight of the collector of garbage, which would otherwise
    walk it in every life and so copy every page of it."""
    for name in LATE_MODULES:
        importlib.import_module(name)
    history._time_zones()
    registered = [cls for registry in REGISTRIES for _, cls in registry.items()]
    for cls in classes_within([*registered, *ANSWERS.values(), *PLAIN]):
        wire._fast.get_structure_hook(cls)
        wire._fast.get_unstructure_hook(cls)
    for _, cls in COMMANDS.items():
        repeats._CONVERTER.get_unstructure_hook(cls)
    books_from(image_of(Books()), None)
    # What fails says where, with the lines themselves.
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in TRACED:
            linecache.getlines(getattr(module, "__file__", None) or "")
    gc.collect()
    gc.freeze()


def classes_within(kinds: Iterable[Any]) -> list[type]:
    """These classes and all that their fields hold, each once."""
    found: dict[type, None] = {}
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        waiting += typing.get_args(kind)
        if isinstance(kind, type) and attrs.has(kind) and kind not in found:
            found[kind] = None
            waiting += typing.get_type_hints(kind).values()
    return list(found)
