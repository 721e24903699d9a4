"""What other actors ask of a printer besides printing: its drawer plug."""

from __future__ import annotations

from attrs import frozen

from actors.messages import MESSAGES

PULSE_GRACE_S = 1.0


@MESSAGES.name("printer.pulse")
@frozen
class Pulse:
    """Drawer to printer: kick now, ahead of any receipt. Answered `Accepted` once the bytes are
    written, or `Failure` with code `expired` or `absent` and nothing sent, or `unknown`.

    `pin` is 2 or 5. `on_ms` is how long the current flows. `left_ns` is how long from now a kick is
    still welcome, None for ever; whoever asks waits `PULSE_GRACE_S` longer for the answer, so that
    its deadline tells how much of that went by on the way.
    """

    pin: int
    on_ms: int
    left_ns: int | None = None


@MESSAGES.name("printer.watch_drawer")
@frozen
class WatchDrawer:
    """Drawer to printer: tell `address` of the drawer plug's level, now and at each change.

    Answered `DrawerLevel`; repeated every few seconds, because a restarted printer forgets.
    """

    address: str


@MESSAGES.name("printer.drawer_level")
@frozen
class DrawerLevel:
    """Printer to drawer: pin 3 of the plug is high, low, or not known (None)."""

    high: bool | None = None
