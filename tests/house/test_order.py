"""What the store does must follow from what it was told. The order of a set is another in each
process: with it one seed would be two days, and two stores would do the same in two orders."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.test_tidy import parsed, python_files, shown

ROOMS = ("engine", "actors", "hardware", "protocols", "countertop")
SET_TYPES = {"set", "frozenset", "AbstractSet"}
SET_METHODS = {"union", "intersection", "difference", "symmetric_difference"}
SET_SIGNS = (ast.Sub, ast.BitAnd, ast.BitOr, ast.BitXor)
KEEP_AN_ORDER = {"list", "tuple", "iter", "enumerate", "fromkeys", "join"}
HAVE_NO_ORDER = {"sorted", "set", "frozenset", "any", "all", "sum", "min", "max", "len", "Counter"}


def _is_set_type(annotation: ast.expr | None) -> bool:
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    return isinstance(annotation, ast.Name) and annotation.id in SET_TYPES


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=True)
        else:
            yield target, node.value


def _is_set(value: ast.expr, sets: set[str]) -> bool:
    match value:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Name() | ast.Attribute():
            return ast.unparse(value) in sets
        case ast.Call(func=ast.Name(id=name)):
            return name in ("set", "frozenset") or f"{name}()" in sets
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in SET_METHODS
        case ast.BinOp(left=left, op=sign, right=right) if isinstance(sign, SET_SIGNS):
            return any(_is_set(side, sets) or _are_keys(side) for side in (left, right))
    return False


def _are_keys(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func).endswith(".keys")


def _sets_of(tree: ast.AST, known: set[str]) -> set[str]:
    """`known`, and what within `tree` is said, or seen, to be a set: names, attributes of `self`,
    and with a pair of brackets functions."""
    sets = set(known)
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if _is_set_type(node.returns):
                sets.add(f"{node.name}()")
            case ast.arg() if _is_set_type(node.annotation):
                sets.add(node.arg)
            case ast.AnnAssign() if _is_set_type(node.annotation):
                sets |= {ast.unparse(node.target), f"self.{ast.unparse(node.target)}"}
            case ast.Assign():
                sets |= {ast.unparse(to) for to, value in _pairs(node) if _is_set(value, sets)}
    return sets


def _loops(tree: ast.AST) -> Iterator[ast.expr]:
    """What is gone through where its order can be seen from outside."""
    unseen = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in HAVE_NO_ORDER
        for argument in node.args
    }
    for node in ast.walk(tree):
        match node:
            case ast.For() | ast.AsyncFor():
                yield node.iter
            case ast.ListComp() | ast.GeneratorExp() | ast.DictComp() if id(node) not in unseen:
                yield from (part.iter for part in node.generators)
            case ast.Call(args=args) if ast.unparse(node.func).split(".")[-1] in KEEP_AN_ORDER:
                yield from (argument for argument in args if id(node) not in unseen)


def unordered(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line of each loop through a set, and the set. Names of one function are no other's."""
    attributes = {name for name in _sets_of(tree, set()) if name.startswith("self.") or "(" in name}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            sets = _sets_of(function, attributes)
            for gone_through in _loops(function):
                if _is_set(gone_through, sets):
                    yield gone_through.lineno, ast.unparse(gone_through)


@pytest.mark.parametrize("path", python_files(*ROOMS), ids=shown)
def test_no_loop_follows_the_order_of_a_set(path: Path) -> None:
    """A loop goes through a list, a dict or `sorted(…)`."""
    found = [f"{shown(path)}:{line}: {what}" for line, what in unordered(parsed(path))]
    assert not found, f"in no order of its own; say `sorted`, or go through a dict: {found}"


@pytest.mark.parametrize(
    "source",
    [
        "for one in due.keys() - asking: go(one)",
        "for one in {1, 2}: go(one)",
        "for one in set(found): go(one)",
        "found = {row.name for row in rows}\n    for one in found: go(one)",
        "waiting, more = set(), 1\n    told = [go(one) for one in waiting]",
        "for one in self.open: go(one)",
        "for one in names(): go(one)",
        "return tuple({1, 2})",
        "return ', '.join(set(found))",
    ],
)
def test_a_loop_in_no_order_is_found(source: str) -> None:
    """Whether it is one by its sign, its type or what it was made of."""
    text = (
        "class Some:\n    open: set[str]\ndef names() -> frozenset[str]: ...\n"
        f"def f(self):\n    {source}\n"
    )
    assert len(list(unordered(ast.parse(text)))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "for one in sorted(set(found)): go(one)",
        "return any(one for one in {1, 2})",
        "return {go(one) for one in {1, 2}}",
        "for one in due: go(one)",
        "left = total - paid\n    for one in due: go(one)",
    ],
)
def test_a_loop_whose_order_is_known_or_not_seen_is_let_be(source: str) -> None:
    """Sorted, or gone through for an end that has no order either."""
    assert not list(unordered(ast.parse(f"def f(self):\n    {source}\n")))
