"""What the tests of mutants stand on. pytest reads this file anew each time it runs, so what lasts is elsewhere."""

from collections.abc import Awaitable, Callable

import pytest
from one_server import database

from aksu_local.databases import ServiceUrls


@pytest.fixture
def fresh_database() -> Callable[..., Awaitable[ServiceUrls]]:
    return database


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """The quick ones first, and none that waits for a loop to come round: with a mutant it would wait in vain."""
    waiting = [item for item in items if {"bus", "kafka_bus"} & set(item.fixturenames)]
    if waiting:
        config.hook.pytest_deselected(items=waiting)
    items[:] = sorted(
        (item for item in items if item not in waiting), key=lambda item: "fresh_database" in item.fixturenames
    )
