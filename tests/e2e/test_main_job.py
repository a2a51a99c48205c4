"""The main job, from the register to a regional report, played over real processes on both buses."""

import pytest

from aksu_local.demo.run import play
from aksu_local.platform import BusKind

pytestmark = pytest.mark.processes


@pytest.mark.timeout(900)
@pytest.mark.parametrize("bus", ["embedded", "kafka"])
async def test_the_main_job_holds_from_the_register_to_the_report(bus: BusKind) -> None:
    # Other tests run beside it: how fast it is, the bench says, and `make demo` asks for its second.
    assert await play(bus=bus, act="main", visible_within=10)
