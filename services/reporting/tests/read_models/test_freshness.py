"""How far reporting is with its sources."""

from reporting_builders import EPOCH, Telling, inspection

from aksu_local.served import Served
from aksu_reporting.read_models.schemas import Freshness


async def test_each_source_shows_epoch_position_and_instant(reporting: Served, tell: Telling) -> None:
    await tell(inspection(), inspection())
    answer = await reporting.get("/v1/freshness")
    Freshness.model_validate_json(answer.content)
    by_source = {item["source"]: item for item in answer.json()["items"]}
    assert by_source["registry"]["position"] == 300
    assert by_source["monitoring"] == {
        "source": "monitoring", "epoch": EPOCH, "position": 2, "fresh_at": "2026-03-16T10:00:00+00:00"
    }  # fmt: skip
    assert by_source["licensing"] == {"source": "licensing", "epoch": None, "position": 0, "fresh_at": None}
