"""The command line: `python -m tests.mutants planted | native | engine`."""

from __future__ import annotations

import argparse

from tests.arguments import new_file, shard, whole
from tests.mutants import deciders, floor, planted
from tests.stopping import exit_with


def main() -> int:
    """Run what was asked for; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    one = parts.add_parser("planted", help="bugs put in on purpose; each has its detector")
    one.add_argument("--name", help="only this one")
    one.add_argument(
        "--sample", type=whole(1), default=1, metavar="N", help="every N-th (default: each)"
    )
    code = parts.add_parser("engine", help="mutmut on the deciders")
    code.add_argument("--module", help="only these, as engine/till.py,engine.money")
    code.add_argument(
        "--sample", type=whole(1), default=deciders.SAMPLE, metavar="N",
        help="every N-th mutant (default: %(default)s; 1 tries them all)",
    )  # fmt: skip
    code.add_argument(
        "--begin", type=whole(0), default=0, metavar="K",
        help="after so many, for a sample that nobody has looked at (default: %(default)s)",
    )  # fmt: skip
    rust = parts.add_parser("native", help="cargo-mutants on native/core")
    rust.add_argument(
        "--shard", type=shard, default="{}/{}".format(*floor.SHARD), metavar="K/N",
        help="that part of the mutants (default: %(default)s; 0/1 tries them all)",
    )  # fmt: skip
    for part in (one, code, rust):
        part.add_argument("--json", type=new_file, help="write the figures here too")
    for part in (code, rust):
        part.add_argument("--if-installed", action="store_true", help="without the tool do nothing")
        part.add_argument("--propose", action="store_true", help="print new survivors as entries")
    chosen = parser.parse_args()
    if chosen.part == "planted":
        return planted.run(chosen.name, chosen.json, sample=chosen.sample)
    how = {"if_installed": chosen.if_installed, "propose": chosen.propose}
    if chosen.part == "native":
        return floor.run(chosen.json, shard=chosen.shard, **how)
    return deciders.run(chosen.module, chosen.json, sample=chosen.sample, begin=chosen.begin, **how)


if __name__ == "__main__":
    exit_with(main)
