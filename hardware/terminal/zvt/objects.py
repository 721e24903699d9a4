"""Looking into a container of objects: what stands where, by its tags."""

from __future__ import annotations

from typing import Any


def find(objects: object, *path: int) -> Any:
    """The first object at a path of tags in nested (tag, value) lists, or None."""
    for tag in path:
        if not isinstance(objects, list):
            return None
        objects = next((value for one, value in objects if one == tag), None)
    return objects


def find_anywhere(objects: object, tag: int) -> Any:
    """The first object with a tag at any depth, or None."""
    if not isinstance(objects, list):
        return None
    for one, value in objects:
        if one == tag:
            return value
        if (found := find_anywhere(value, tag)) is not None:
            return found
    return None
