"""The command line: `python -m tests.mutants planted | native | engine`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.mutants import planted


def main() -> int:
    """Run what was asked for; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    one = parts.add_parser("planted", help="bugs put in on purpose; each has its detector")
    one.add_argument("--name", help="only this one")
    one.add_argument("--json", type=Path, help="write the figures here too")
    chosen = parser.parse_args()
    return planted.run(chosen.name, chosen.json)


if __name__ == "__main__":
    sys.exit(main())
