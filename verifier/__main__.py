"""`python -m verifier FILE`: is this journal whole, unchanged, and the one that was anchored?

Checked, for every record: positions 1, 2, 3 … without a gap; its hash over its content and the
record before it; the columns against the payload they repeat; each stream's versions 1, 2, 3 …;
epochs that never fall and begin with a `journal.restored/1`; that it is found by its position and
by its stream; a stored answer for its command, unchanged and found by its id. For each checkpoint:
its root over the record hashes (RFC 6962 §2.1), its note and its Ed25519 signature (C2SP
tlog-checkpoint). Then what was anchored elsewhere: `--head`, `--anchor` and `--key`.

A chain alone cannot show that its end was cut off, nor that a whole new one was written: give the
heads printed on receipts with `--head`, the anchor files of nodes with `--anchor` and the public
key with `--key`. From where on none of them reaches is said.

`--receipt NUMBER` proves one receipt alone; `python -m verifier --proof FILE` checks such a proof
with nothing else at hand.

Exit code: 0 all well, 1 something is wrong, 2 the file could not be checked.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from verifier.inputs import CannotCheckError, read_anchor, read_head, read_key
from verifier.journal import UNREADABLE, Report, Verification, Wrong, opened
from verifier.proof import UNSIGNED, find_receipt, problems_of, prove, read_proof, receipt_of

UNVOUCHED = (
    "after record {after:,} nothing from outside vouches for it: a new end, or one cut off, would "
    "not show (--head, --anchor, --key)"
)

UNTRUSTED = (
    "whether that key is the store's was not asked: anybody can sign with one of his own (--key, "
    "or --head with what is printed on the receipt)"
)


def describe(report: Report) -> str:
    """The report for people."""
    lines = [f"{report.file}: store {report.store}, {report.records:,} records, to the head"]
    lines.append(f"  {report.head}@{report.records} in epoch {report.epoch}")
    if report.checkpoints:
        keys = ", ".join(report.keys)
        last = f"the last of record {report.signed:,}"
        lines.append(f"  {report.checkpoints:,} signed checkpoints, {last}, by key {keys}")
    if report.anchors:
        lines.append(f"  {report.anchors} anchored heads agree")
    if report.vouched < report.records and not report.problems:
        lines.append(f"  {UNVOUCHED.format(after=report.vouched)}")
    if report.proof:
        lines += describe_proof(report.proof)
        if not report.proof["checkpoint"]:
            lines.append(f"  {UNSIGNED}")
    return "\n".join([*lines, *verdict(report.problems)])


def describe_proof(proof: dict[str, Any]) -> list[str]:
    """A proof for people, hash by hash."""
    lines = [f"Record {proof['position']} is in the tree of {proof['tree_size']} records:"]
    if told := receipt_of(proof):
        lines.append(f"  {told}")
    lines.append(f"  leaf {proof['leaf']}")
    lines.extend(f"  with {node}" for node in proof["path"])
    lines.append(f"  root {proof['root']}")
    if proof["checkpoint"]:
        lines.extend("  | " + line for line in proof["checkpoint"].splitlines())
        lines.append(f"  signed by key {proof['key']}")
    return lines


def verdict(problems: list[dict[str, Any]]) -> list[str]:
    """The last lines: each problem, or that there is none."""
    lines = [
        f"WRONG at record {one['position']}: {one['what']}"
        if one["position"]
        else f"WRONG: {one['what']}"
        for one in problems
    ]
    return [*lines, "Something is wrong; keep the file as it is." if problems else "All well."]


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="verifier", description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    add("file", type=Path, nargs="?", help="the journal, or a copy of it")
    add("--proof", type=Path, metavar="FILE", help="check a proof instead of a journal")
    add("--receipt", metavar="NUMBER", help="prove one receipt, by its number as printed")
    add("--prove-receipt", type=int, metavar="POSITION", help="prove one record, by its position")
    add("--out", type=Path, metavar="FILE", help="where the proof is written; else it is printed")
    add(
        "--head",
        type=read_head,
        action="append",
        default=[],
        metavar="POSITION:HASH",
        help="a head printed on a receipt or kept elsewhere; may be given several times",
    )
    add(
        "--anchor",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a node's anchor file; may be given several times",
    )
    add(
        "--key",
        type=Path,
        action="append",
        default=[],
        metavar="PUBFILE",
        help="the only public keys that checkpoints may be signed with",
    )
    add("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    if (options.file is None) == (options.proof is None):
        parser.error("give a journal, or --proof and a file")
    wanted = [one for one in (options.receipt, options.prove_receipt) if one is not None]
    if options.proof is not None and (wanted or options.anchor or options.out is not None):
        parser.error("a proof is checked with --key and --head only")
    if len(wanted) > 1 or (options.out is not None and not wanted):
        parser.error("name the one record to prove, with --receipt or with --prove-receipt")
    return options


def require_file(path: Path) -> None:
    """See that there is something to check.

    Raises:
        CannotCheckError: there is nothing there, a folder, or nothing in it.
    """
    if path.is_dir():
        raise CannotCheckError(f"it is a folder; name the journal in it, {path / 'journal.db'}")
    if not path.is_file():
        raise CannotCheckError("there is no such file")
    if path.stat().st_size == 0 and not path.with_name(path.name + "-wal").exists():
        raise CannotCheckError("there is nothing in it")


def check_journal(options: argparse.Namespace, report: Report) -> None:
    """Verify a file, and prove one record of it where that is asked."""
    require_file(options.file)
    keys = [read_key(path) for path in options.key]
    heads = [*options.head, *(read_anchor(path) for path in options.anchor)]
    wanted = options.receipt is not None or options.prove_receipt is not None
    with opened(options.file) as db:
        checked = Verification(db, report, keep_leaves=wanted)
        checked.run(checked.prepare(heads, keys))
        if options.prove_receipt is not None:
            prove(checked, db, options.prove_receipt)
        elif wanted and not report.problems:
            try:
                prove(checked, db, find_receipt(db, options.receipt))
            except Wrong as problem:
                report.add(problem)


def check_proof(options: argparse.Namespace) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The proof in a file and what is wrong with it."""
    keys = [read_key(path) for path in options.key]
    proof = read_proof(options.proof)
    found = problems_of(proof, keys, options.head)
    return proof, [{"position": one.position, "what": one.what} for one in found]


class UnwrittenError(Exception):
    """A proof was made, and could not be put where it was to be."""


def put(proof: dict[str, Any], out: Path | None) -> str:
    """Write a proof where it is wanted, and say so; or the proof itself, to be shown.

    Raises:
        UnwrittenError: it is not there. Of what stood in its place, only a proof is replaced.
    """
    text = json.dumps(proof, indent=1)
    if out is None:
        return text
    # A device, such as /dev/stdout, is written to and not replaced.
    is_device = out.exists() and not out.is_file()
    partial = out if is_device else out.with_name(out.name + ".partial")
    try:
        if out.is_file():
            read_proof(out)
        partial.write_text(text + "\n")
        if not is_device:
            partial.replace(out)
    except CannotCheckError:
        raise UnwrittenError(
            f"The proof was not written: {out} is there and is no proof, so it was left as it is. "
            "Name another file (--out)."
        ) from None
    except OSError as error:
        if not is_device:
            partial.unlink(missing_ok=True)
        raise UnwrittenError(
            f"The proof was not written: {error}. See that its folder is there and has room, or "
            "name another file (--out)."
        ) from None
    return f"The proof is in {out}."


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; the exit code."""
    options = parse(arguments)
    report = Report(str(options.file))
    try:
        if options.proof is not None:
            proof, problems = check_proof(options)
            told = json.dumps({"proof": proof, "problems": problems}, indent=1)
            held = [] if options.key or options.head else [f"  {UNTRUSTED}"]
            words = "\n".join([*describe_proof(proof), *held, *verdict(problems)])
        else:
            check_journal(options, report)
            problems = report.problems
            told, words = json.dumps(vars(report), indent=1), describe(report)
            if report.proof:
                words += f"\n{put(report.proof, options.out)}"
    except UnwrittenError as error:
        sys.stderr.write(f"{words}\n{error}\n")
        return 2
    except (CannotCheckError, OSError, *UNREADABLE) as error:
        sys.stderr.write(f"{options.proof or options.file} was not checked: {error}\n")
        return 2
    # A damaged or forged text may hold half of a character: it is shown as what it is.
    text = (told if options.json else words).encode(errors="backslashreplace")
    sys.stdout.write(text.decode() + "\n")
    return 1 if problems else 0


def alone() -> int:
    """`main` as a program of its own; what it says may find no room or no reader any more."""
    try:
        code = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted; nothing that was found so far counts. Check again.\n")
        return 130
    except OSError as error:
        # What is left of it goes nowhere, or the interpreter would tell of it once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 141
        sys.stderr.write(f"It was checked, and what was found could not be shown: {error}\n")
        return 2
    return code


if __name__ == "__main__":
    sys.exit(alone())
