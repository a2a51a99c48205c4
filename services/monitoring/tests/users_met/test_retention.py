"""The worker forgets people when their time is over, by the legal clock."""

from datetime import UTC, datetime, timedelta

import pytest
from monitoring_builders import INSPECTOR, closed, push, started
from monitoring_worker import apply, worker_of

from aksu_local.served import Serve, Served
from aksu_monitoring.wiring import HOLDINGS
from aksu_shared.kernel.clock import write_offset
from aksu_shared.worker.daily import expiry
from aksu_shared.worker.housekeeping import Housekeeping

LEFT = "SELECT count(*) FROM subject_key WHERE wrapped IS NOT NULL"


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def keep_house(monitoring: Served, *, after: timedelta) -> None:
    """What the worker does every hour, so long from now."""
    write_offset(monitoring.clock_file, after)
    async with worker_of(monitoring) as worker:
        house = Housekeeping(
            worker.pool,
            handover=worker.handover,
            progress=worker.progress,
            expire=expiry(monitoring.config, worker, HOLDINGS),
        )
        await house._keep()


async def test_five_years_after_a_user_was_met_nothing_of_them_can_be_read(monitoring: Served) -> None:
    await push(monitoring, [started()])
    await apply(monitoring)
    (inspection,) = (await monitoring.get("/v1/inspections")).json()["items"]
    path = f"/v1/inspections/{inspection['id']}/users-met"
    await monitoring.post(path, {"name": "Мария Срещната"}, **INSPECTOR)
    today = datetime.now(UTC)
    five = today.replace(year=today.year + 5, day=min(today.day, 28)) - today
    await keep_house(monitoring, after=five - timedelta(days=2))
    assert await monitoring.worker.fetchval(LEFT) == 1
    await keep_house(monitoring, after=five + timedelta(days=5))
    assert await monitoring.worker.fetchval(LEFT) == 1, "the inspection has not ended: what users said is its evidence"
    await push(monitoring, [closed(2, outcome="NO_FINDINGS")])
    await apply(monitoring)
    await keep_house(monitoring, after=five + timedelta(days=5))
    assert await monitoring.worker.fetchval(LEFT) == 0
    (user,) = (await monitoring.get(path, **INSPECTOR)).json()["items"]
    assert (user["erased"], user["name"]) == (True, None)
