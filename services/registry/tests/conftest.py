"""A registry to ask."""

import pytest

from aksu_local.served import Serve, Served


@pytest.fixture
async def registry(serve: Serve) -> Served:
    """A running registry with an empty database of its own."""
    return await serve("registry")
