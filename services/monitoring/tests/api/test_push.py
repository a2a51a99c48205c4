"""Pushing inspection events over HTTP."""

import pytest
from monitoring_builders import SOURCE, SUBJECT, count, inspection, push, started

from aksu_local.served import Serve, Served


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def test_a_batch_is_accepted_when_it_is_stored(monitoring: Served) -> None:
    answer = await push(monitoring, inspection())
    assert answer.status_code == 202, answer.text
    assert [item["result"] for item in answer.json()["items"]] == ["accepted"] * 4
    assert await count(monitoring, "ingest_event") == 4
