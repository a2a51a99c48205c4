"""What the tests of mutants stand on. pytest reads this file anew each time it runs, so what lasts is elsewhere."""

from collections.abc import MutableSequence

import pytest
from one_server import databases_of_this_server

from aksu_local.testing import Databases

pytest_plugins = ["aksu_local.testing"]


@pytest.fixture(scope="session")
def databases() -> Databases:
    return databases_of_this_server()


def pytest_collection_modifyitems(items: MutableSequence[pytest.Function]) -> None:
    """The quick ones first: with a mutant at work, those that wait for a loop to come round wait in vain."""
    items[:] = sorted(items, key=lambda item: ("bus" in item.fixturenames, "fresh_database" in item.fixturenames))
