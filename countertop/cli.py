"""The command line: serve, demo, import, sell, watch, status, verify, backup, restore …"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

from countertop.saying import leave_unsaid, nobody_reads, say, show_progress

app = cyclopts.App(
    name="countertop",
    help="An open, integrated point-of-sale engine for store servers.",
    version="0.1.0",
    suppress_keyboard_interrupt=False,
)
import_app = cyclopts.App(name="import", help="Bring data into a running store.")
app.command(import_app)

DEFAULT_DATA = Path("demo-store")
Data = Annotated[Path, Parameter(help="The store's data directory.")]
Anchors = Annotated[
    Path | None, Parameter(help="The configuration's anchor_dir, where it has one.")
]


# ------------------------------------------------------------------------------------- serving


@app.command
def serve(
    config: Annotated[Path, Parameter(help="The store's TOML file: ports, paths, devices.")],
) -> None:
    """Run a store server until it is told to stop."""
    from countertop.config import load
    from countertop.serving import run_server

    run_server(load(config))


@app.command
def demo(
    *,
    data: Data = DEFAULT_DATA,
    port: Annotated[int, Parameter(help="HTTP port on this machine.")] = 8170,
    one_process: Annotated[bool, Parameter(help="All nodes in one process.")] = False,
    fresh: Annotated[bool, Parameter(help="Set an earlier demo store aside first.")] = False,
    terminal: Annotated[
        Literal["zvt", "nexo", "nexo-websocket"],
        Parameter(help="What the card terminal of register 1 speaks."),
    ] = "zvt",
    pair: Annotated[
        bool, Parameter(help="Leave that terminal to be found and paired at the register page.")
    ] = False,
) -> None:
    """Start a stocked demo store with simulated devices and say where to look."""
    from countertop.demo import run_demo

    run_demo(
        data, port, one_process=one_process, fresh=fresh, terminal=terminal, is_paired=not pair
    )


@app.command(show=False)
def node(name: str) -> None:
    """Run a child node; only the store node starts these."""
    from countertop.child_nodes import main as child_main
    from countertop.logs import configure

    # An interrupt at the terminal reaches the whole group; the parent ends its children itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure(os.environ.get("COUNTERTOP_LOG", "warning"))
    child_main(name)


# ------------------------------------------------------------------------------- offline history


@app.command
def verify(
    *arguments: Annotated[
        str,
        Parameter(
            allow_leading_hyphen=True,
            help="A journal, or a copy of one, then what it is held against and what is proven "
            "(--head, --anchor, --key, --receipt NUMBER, --out FILE, --json); or --proof FILE.",
        ),
    ],
) -> None:
    """Check a journal, or the proof of one receipt, with the independent verifier."""
    from verifier.__main__ import main as verifier_main

    sys.exit(verifier_main(list(arguments)))


@app.command
def replay(
    data: Data,
    *,
    to: Annotated[int | None, Parameter(help="Stop at this position.")] = None,
    show: Annotated[bool, Parameter(help="Print each event on the way.")] = False,
) -> None:
    """Fold a journal from its first record and print the state hash.

    Unless each event is shown, the snapshots a start would believe are held against it on the way.
    """
    from countertop.offline import replay_journal

    position, digest = replay_journal(data, to, show=say if show else None, progress=show_progress)
    say(f"position {position}")
    say(f"state {digest}")


@app.command
def activity(
    data: Data,
    *,
    person: Annotated[str, Parameter(help="Only what this person did or allowed.")] = "",
    since: Annotated[str, Parameter(help="From this business date on, such as 2026-11-25.")] = "",
    until: Annotated[str, Parameter(help="Up to and including this business date.")] = "",
) -> None:
    """Write who did what as CSV, from the journal itself; a store may be selling meanwhile."""
    from countertop.activity import write_activity

    write_activity(data, sys.stdout, person=person, since=since, until=until)


@app.command
def backup(
    data: Data, destination: Annotated[Path, Parameter(help="A directory that does not exist.")]
) -> None:
    """Copy a store, running or not, as of one moment, and verify the copy."""
    from countertop.offline import backup_store

    head = backup_store(data, destination, show_progress)
    say(f"Backed up to {destination}, position {head.position}. Its chain was verified.")


@app.command
def restore(
    source: Annotated[Path, Parameter(help="A directory made by backup.")],
    data: Data,
    *,
    reason: Annotated[str, Parameter(help="Why; it becomes part of the history.")],
    force: Annotated[bool, Parameter(help="Set an existing journal aside.")] = False,
    anchors: Anchors = None,
) -> None:
    """Make a backup the store's data again; its history goes on in a new epoch."""
    from countertop.offline import restore_store, what_is_missing

    head = restore_store(source, data, reason, show_progress, force=force, anchors=anchors)
    say(f"Restored into {data}: epoch {head.epoch}, position {head.position}.")
    for finding in what_is_missing(data, anchors):
        say(finding.detail)
    say("What was sold after the backup is not in it. Compare the last receipts before selling.")


@app.command
def accept_loss(
    data: Data,
    *,
    reason: Annotated[str, Parameter(help="Why; it becomes part of the history.")],
    anchors: Anchors = None,
) -> None:
    """Let a store sell again whose newest records are gone for good; its history says so."""
    from countertop.offline import accept_loss as accept
    from countertop.offline import what_is_missing

    head = accept(data, reason, show_progress, anchors=anchors)
    say(f"The loss is record {head.position} of {data}, which begins epoch {head.epoch}.")
    for finding in what_is_missing(data, anchors):
        say(finding.detail)
    say("The journal as it was is kept beside it.")
    if head.position == 1:
        say("Nothing else is in it: set the store up anew before selling, or restore a backup.")
    else:
        say("Compare the last receipts before selling.")


@app.command
def dry_run(
    file: Annotated[Path, Parameter(help="A TOML file of promotions; docs/promotions.md.")],
    *,
    data: Data = DEFAULT_DATA,
    days: Annotated[int, Parameter(help="How many of the last business days to try.")] = 31,
    keep_dates: Annotated[
        bool, Parameter(help="Let promotions begin and end on their days.")
    ] = False,
    json: Annotated[bool, Parameter(help="For programs: one JSON document.")] = False,
) -> None:
    """Price what a store sold of late under other promotions; nothing is changed by it."""
    from countertop.dry_run import run
    from countertop.promotions import read_promotions

    run(read_promotions(file), data, days, say, show_progress, keep_dates=keep_dates, as_json=json)


# ---------------------------------------------------------------------------- published figures


@app.command
def conform_prices(
    *files: Annotated[Path, Parameter(help="JSON files of cases; see tests/vectors/README.md.")],
    json: Annotated[bool, Parameter(help="For programs: one JSON document.")] = False,
) -> None:
    """Run published price and tax cases through the engine and print where it differs.

    Exit code 1 where a case failed, 2 where none failed but some could not be expressed.
    """
    from countertop.conform import conform

    sys.exit(conform(files, say, as_json=json))


# ------------------------------------------------------------------------------- a running store


@import_app.command
def catalog(
    file: Annotated[Path, Parameter(help="A CSV file, .gz too.")],
    *,
    data: Data = DEFAULT_DATA,
    check: Annotated[bool, Parameter(help="Only check the file.")] = False,
) -> None:
    """Put the items of a CSV file into the running store's catalog.

    Rows with faults are left out and listed in FILE.errors.csv; the good ones go in together.
    """
    from countertop.remote import import_catalog

    import_catalog(file, data, check_only=check, say=say, progress=show_progress)


@import_app.command
def promotions(
    file: Annotated[Path, Parameter(help="A TOML file; docs/promotions.md shows one.")],
    *,
    data: Data = DEFAULT_DATA,
    check: Annotated[bool, Parameter(help="Only read the file.")] = False,
) -> None:
    """Put the promotions of a TOML file in force in the running store, and no others."""
    from countertop.remote import import_promotions

    import_promotions(file, data, check_only=check, say=say)


@import_app.command
def taxes(
    pack: Annotated[str, Parameter(help="A country of the packs, such as DE, or a pack's file.")],
    *,
    jurisdiction: Annotated[str, Parameter(help="Where the store lies, such as US-NY-NYC.")] = "",
    dining: Annotated[
        Literal["eat_in", "takeaway", "delivery"],
        Parameter(help="How orders are handed over unless they say otherwise."),
    ] = "takeaway",
    like: Annotated[
        list[str] | None,
        Parameter(help="A tax class taxed as a category is, such as reduced=food."),
    ] = None,
    data: Data = DEFAULT_DATA,
    check: Annotated[bool, Parameter(help="Only say what would change.")] = False,
) -> None:
    """Put the tax rules of a country pack in force in the running store, and no others.

    Before that it says what every category of goods is taxed at today, and with which letter.
    """
    from countertop.remote import import_taxes
    from engine.taxation import Dining

    import_taxes(
        pack,
        jurisdiction,
        data,
        dining=Dining(dining),
        likes=like or (),
        check_only=check,
        say=say,
    )


@import_app.command
def prices(
    file: Annotated[Path, Parameter(help="A TOML file; docs/prices.md shows one.")],
    *,
    data: Data = DEFAULT_DATA,
    check: Annotated[bool, Parameter(help="Only read the file and tell what it holds.")] = False,
) -> None:
    """Put the prices of a TOML file in force in the running store, and no others.

    Prices of items that are not for sale are left out and told.
    """
    from countertop.remote import import_prices

    import_prices(file, data, check_only=check, say=say)


@import_app.command
def charges(
    file: Annotated[Path, Parameter(help="A TOML file; docs/prices.md shows one.")],
    *,
    data: Data = DEFAULT_DATA,
) -> None:
    """Put the charges, gratuities, fees and deposits of a TOML file in force, and no others."""
    from countertop.remote import import_charges

    import_charges(file, data, say=say)


@import_app.command
def currencies(
    file: Annotated[Path, Parameter(help="A TOML file; docs/currencies.md shows one.")],
    *,
    data: Data = DEFAULT_DATA,
) -> None:
    """Take notes of the currencies of a TOML file, at its rates, and of no others."""
    from countertop.remote import import_currencies

    import_currencies(file, data, say=say)


@import_app.command
def tenders(
    file: Annotated[Path, Parameter(help="A TOML file; docs/tenders.md shows one.")],
    *,
    data: Data = DEFAULT_DATA,
) -> None:
    """Say how each kind of tender is taken: how much over the due, with change, with the drawer."""
    from countertop.remote import import_tenders

    import_tenders(file, data, say=say)


@import_app.command
def returns(
    file: Annotated[Path, Parameter(help="A TOML file; docs/returns.md shows one.")],
    *,
    data: Data = DEFAULT_DATA,
) -> None:
    """Take goods back by the rules of a TOML file; without a receipt only where it says so."""
    from countertop.remote import import_returns

    import_returns(file, data, say=say)


@import_app.command
def acquirers(
    file: Annotated[Path, Parameter(help="A TOML file; docs/settlement.md shows one.")],
    *,
    data: Data = DEFAULT_DATA,
) -> None:
    """Put the acquirers and rate cards of a TOML file in force, and no others."""
    from countertop.settling import import_acquirers

    import_acquirers(file, data, say=say)


@import_app.command
def settlement(
    file: Annotated[Path, Parameter(help="A CSV file, .gz too; docs/settlement.md.")],
    *,
    acquirer: Annotated[str, Parameter(help="Whose it is, by its id.")],
    columns: Annotated[
        str, Parameter(help="own, adyen, or a TOML file that names the columns.")
    ] = "own",
    data: Data = DEFAULT_DATA,
    check: Annotated[bool, Parameter(help="Only check the file.")] = False,
) -> None:
    """Hold an acquirer's settlement file against the store's card payments.

    A file counts whole or not at all: rows with faults are listed in FILE.errors.csv. The same file
    again changes nothing, and rows that two files have count once.
    """
    from countertop.settling import import_settlement

    import_settlement(
        file, acquirer, columns, data, check_only=check, say=say, progress=show_progress
    )


@import_app.command
def coupons(
    coupon: Annotated[str, Parameter(help="The id of the coupon, as its promotion names it.")],
    file: Annotated[Path, Parameter(help="A text file with a code a line.")],
    *,
    data: Data = DEFAULT_DATA,
) -> None:
    """Make the codes of a file good for a coupon, each once, beside those issued before."""
    from countertop.remote import issue_coupons

    issue_coupons(coupon, file, data, say=say)


@app.command
def status(*, data: Data = DEFAULT_DATA) -> None:
    """Print how a running store is."""
    from countertop.remote import print_status

    print_status(data, say)


@app.command
def watch(
    *,
    data: Data = DEFAULT_DATA,
    after: Annotated[
        int, Parameter(help="Begin after this position, 0 for all there was; -1: from now on.")
    ] = -1,
) -> None:
    """Print what happens in a running store, as it happens."""
    from countertop.remote import watch_events

    with contextlib.suppress(KeyboardInterrupt):  # as it is meant to end
        watch_events(data, after, say)
    sys.exit(130)


@app.command
def sell(
    *codes: Annotated[str, Parameter(help="Codes to ring up.")],
    data: Data = DEFAULT_DATA,
    register: Annotated[str, Parameter(help="At which register, by its id.")] = "1",
    operator: Annotated[
        str, Parameter(help="Whom to sign on first; whoever is, if left out.")
    ] = "",
    pin: Annotated[str, Parameter(help="That person's PIN.")] = "",
) -> None:
    """Sell codes for exact cash at a register of a running store, and print what it answered."""
    from countertop.selling import sell_codes

    sell_codes(data, register, operator, pin, codes, say)


def _told(run: Callable[[], object]) -> None:
    """Run; an error that came out of nurseries alone is raised as itself, as is an interrupt."""
    try:
        run()
    except BaseExceptionGroup as group:
        if group.subgroup(KeyboardInterrupt) is not None:
            raise KeyboardInterrupt from None
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            error = error.exceptions[0]
        raise error from None


def main() -> None:
    """Entry point. Errors a person can act on are told in words; anything else is a bug."""
    # No more than every command needs: what one alone needs, it imports itself.
    from actors.errors import ToldError
    from countertop.errors import UnsaidError
    from countertop.memory import give_back_large_blocks
    from countertop.threads import take_short_turns

    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # see `countertop.__main__`
    try:
        give_back_large_blocks()
        take_short_turns()
        try:
            _told(app)
        except SystemExit:
            say()
            raise
        say()
    except UnsaidError as error:
        leave_unsaid()
        sys.exit(f"countertop: {error}")
    except ToldError as error:
        sys.stderr.write(f"countertop: {error}\n")
        sys.exit(error.exit_code)
    except OSError as error:
        is_unread = isinstance(error, BrokenPipeError) and nobody_reads()
        leave_unsaid()
        if is_unread:
            sys.exit(141)
        where = f" ({error.filename})" if error.filename else ""
        sys.exit(
            f"countertop: {error.strerror or error}{where}. Nothing was started or changed; "
            "see that the path exists, is on a disk with room, and may be written by this user."
        )
    except KeyboardInterrupt:
        sys.stderr.write(
            "\ncountertop: interrupted. What it had not told of may be done or not; see how things "
            "stand before running it again.\n"
        )
        sys.exit(130)
