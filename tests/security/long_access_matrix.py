"""The whole matrix: all roles with all bodies at every door of every service; and some without row-level security."""

import asyncpg
import pytest
from access_matrix import CALLERS, cells
from scope_world import unbind
from security_figures import Figures
from test_access_matrix import SERVICES, SOME, judge

from aksu_local.served import Serve


@pytest.mark.parametrize("service", SERVICES)
async def test_each_door_opens_to_whom_the_oracle_says(serve: Serve, service: str, figures: Figures) -> None:
    judge([cell async for cell in cells(await serve(service), CALLERS)], figures)


@pytest.mark.parametrize("service", SERVICES)
async def test_each_door_does_so_by_its_statements_alone(serve: Serve, service: str, figures: Figures) -> None:
    served = await serve(service)
    owner = await asyncpg.connect(served.urls.owner)
    await unbind(owner)
    await owner.close()
    judge([cell async for cell in cells(served, SOME)], figures)
