"""Fixtures of licensing's tests."""

import pytest
from licensing_rig import Rig, rig_over

from aksu_local.served import Serve


@pytest.fixture
async def licensing(serve: Serve) -> Rig:
    """Licensing over a fresh database, which has heard nothing yet."""
    return rig_over(await serve("licensing"))
