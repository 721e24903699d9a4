"""The process in which atheris fuzzes one target: `guided_child TARGET CORPUS OPTION…`."""

from __future__ import annotations

import sys

import atheris

from tests.fuzz.guided import INSTRUMENTED

with atheris.instrument_imports(include=list(INSTRUMENTED)):
    from tests.fuzz.all_targets import named
    from tests.fuzz.judge import judge_both_ways


def main() -> None:
    """Fuzz until libFuzzer's own limit; never returns."""
    name, *options = sys.argv[1:]
    target = named(name)

    def take(data: bytes) -> None:
        judge_both_ways(target, data)

    atheris.Setup([sys.argv[0], *options], take)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
