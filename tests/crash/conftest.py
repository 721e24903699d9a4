"""The rig, for every test of this folder; where there can be none, they are skipped and say why."""

from __future__ import annotations

import pytest

from tests.crash.building import NoShimError, shim


@pytest.fixture(scope="session", autouse=True)
def _shim_is_there() -> None:
    """Build the shim, or skip saying how it can be had."""
    try:
        shim()
    except NoShimError as error:
        pytest.skip(str(error))
