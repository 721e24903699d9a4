"""Every payment provider's actor keeps the same promises; a new protocol adds its stand here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.provider_rig import PROMISES, ProviderContract, paylink_stand

STANDS = {"paylink": paylink_stand}


@pytest.mark.parametrize("protocol", STANDS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_a_provider_keeps_its_promise(protocol: str, promise: str, tmp_path: Path) -> None:
    """What the store builds on holds, over real HTTPS."""
    assert len(PROMISES) >= 7
    async with STANDS[protocol](tmp_path) as stand:
        await getattr(ProviderContract(stand), promise)()
