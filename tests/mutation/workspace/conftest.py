"""What the tests of mutants stand on. pytest reads this file anew each time it runs, so what lasts is elsewhere."""

import pytest
from one_server import databases_of_this_server

from aksu_local.testing import Databases

pytest_plugins = ["aksu_local.testing"]


@pytest.fixture(scope="session")
def databases() -> Databases:
    return databases_of_this_server()
