"""The whole matrix: all roles with all bodies at every door of every service."""

import pytest
from access_matrix import CALLERS, cells
from security_figures import Figures
from test_access_matrix import SERVICES, judge

from aksu_local.served import Serve


@pytest.mark.parametrize("service", SERVICES)
async def test_each_door_opens_to_whom_the_oracle_says(serve: Serve, service: str, figures: Figures) -> None:
    judge([cell async for cell in cells(await serve(service), CALLERS)], figures)
