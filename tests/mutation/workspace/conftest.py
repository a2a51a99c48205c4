"""What the tests of mutants stand on. pytest reads this file anew each time it runs, so what lasts is elsewhere."""

from collections.abc import Awaitable, Callable

import pytest
from one_server import DATABASES, database, new

from aksu_local.databases import ServiceUrls
from aksu_local.templates import Databases


@pytest.fixture
def fresh_database(request: pytest.FixtureRequest) -> Callable[..., Awaitable[ServiceUrls]]:
    """One emptied for each test; for those that change tables and policies, and not rows alone, a new one."""
    return new if request.path.stem in {"test_fitness", "test_visible"} else database


@pytest.fixture
def databases() -> Databases:
    """The server's databases, for tests that ask for more than one role of one."""
    return DATABASES


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """The quick ones first, and none that waits for a loop to come round: with a mutant it would wait in vain."""
    waiting = [item for item in items if {"bus", "kafka_bus"} & set(item.fixturenames)]
    if waiting:
        config.hook.pytest_deselected(items=waiting)
    items[:] = sorted(
        (item for item in items if item not in waiting), key=lambda item: "fresh_database" in item.fixturenames
    )
