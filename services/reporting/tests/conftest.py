"""A running reporting service that knows the whole territory, on a fixed legal day."""

from datetime import UTC, datetime, time

import pytest
from reporting_builders import TODAY, Telling, territories

from aksu_local.served import Serve, Served
from aksu_local.waiting import eventually


@pytest.fixture
async def reporting(serve: Serve) -> Served:
    """Reporting with the 300 territories, on `TODAY`."""
    served = await serve("reporting")
    await Telling(served.worker)(*territories())
    noon = datetime.combine(TODAY, time(12), UTC)
    served.advance((noon - datetime.now(UTC)).total_seconds())
    clock = served.app.state.api.clock

    async def today() -> bool:
        return bool(clock.today() == TODAY)

    await eventually(today)
    return served


@pytest.fixture
def tell(reporting: Served) -> Telling:
    """Tells reporting facts of the other services."""
    return Telling(reporting.worker)
