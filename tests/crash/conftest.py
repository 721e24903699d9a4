"""One rig for every test of this folder; where there can be none, they are skipped and say why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.building import NoShimError
from tests.crash.rig import Rig, open_rig


@pytest.fixture(scope="session")
def rig() -> Iterator[Rig]:
    """A zygote and a store that was set up; every round takes a copy of it."""
    try:
        with open_rig() as opened:
            yield opened
    except NoShimError as error:
        pytest.skip(str(error))
