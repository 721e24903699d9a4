"""The way in, of `python -m countertop` and of the command `countertop`.

While the program itself is still read nothing was begun, so an interrupt ends it as it ends any
other: without a word. `countertop.cli` hears of one once it can say what it means.
"""

from __future__ import annotations

import signal

# One that was to be ignored, as of a command in the background of a script, stays so.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> None:
    """Run the command that the arguments name."""
    from countertop.cli import main as run

    run()


if __name__ == "__main__":
    main()
