"""What the tests of mutants stand on. pytest reads this file anew each time it runs, so what lasts is elsewhere."""

import pytest
from one_server import databases_of_this_server

from aksu_local.testing import Databases

pytest_plugins = ["aksu_local.testing"]


@pytest.fixture(scope="session")
def databases() -> Databases:
    return databases_of_this_server()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """The quick ones first, and none that waits for a loop to come round: with a mutant at work it would wait in vain."""
    waiting = [item for item in items if "bus" in item.fixturenames or "kafka_bus" in item.fixturenames]
    if waiting:
        config.hook.pytest_deselected(items=waiting)
    items[:] = sorted(
        (item for item in items if item not in waiting), key=lambda item: "fresh_database" in item.fixturenames
    )
