"""How many examples a property is tried with.

A property says how many it needs in a check, where somebody waits, and the profile how many times
that: `draws` twelve times (`./run prove draws`), `night` until the morning. No profile asks for
fewer, or a planted bug would live that a check finds.
"""

from __future__ import annotations

from hypothesis import settings

# What "quick" has of a property that does not say.
USUAL = 60
# How many times that "draws" has, where the environment does not say.
DRAWS, TIMES = "COUNTERTOP_DRAWS", 12


def examples(usual: int) -> int:
    """As many examples as a property needs, times what the profile asks for."""
    return usual * max(1, settings().max_examples // USUAL)
