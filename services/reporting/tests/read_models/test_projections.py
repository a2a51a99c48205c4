"""What reporting keeps of what it hears."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from reporting_builders import (
    Telling,
    application,
    finding,
    inspection,
    licence,
    place,
    prescription,
    provider,
    service,
)

from aksu_local.served import Served
from aksu_reporting.wiring import HANDLERS
from aksu_shared.events import Event
from aksu_shared.events.catalogue import CATALOGUE
from aksu_shared.events.registry.bodies import BodyEstablished, BodyState
from aksu_shared.worker.routing import topics

FACTS: tuple[Callable[..., Event[Any]], ...] = (
    provider,
    place,
    service,
    licence,
    application,
    inspection,
    finding,
    prescription,
)


async def test_an_aggregate_is_kept_with_its_version_and_scope(reporting: Served, tell: Telling) -> None:
    for fact in FACTS:
        told: Event[Any] = fact(version=3)
        await tell(told)
        row = await reporting.worker.fetchrow(f"SELECT * FROM {type(told).aggregate} WHERE id = $1", UUID(told.id))
        kept = dict(row)
        assert (kept.pop("version"), tuple(kept.pop("scope"))) == (3, told.scope)
        kept.pop("written_at")
        shown = {name: list(v) if isinstance(v, tuple) else v for name, v in told.state.model_dump().items()}
        assert kept == {name: shown[name] for name in kept}


async def test_a_restricted_row_is_seen_only_within_its_scope(reporting: Served, tell: Telling) -> None:
    await tell(application(), finding())
    async with reporting.app.state.api.pool.acquire() as connection, connection.transaction():
        for scope, seen in (("", 0), ("public", 0), ("public,VID01", 0), ("public,BLG,b:AKSU", 1)):
            await connection.execute("SELECT set_config('app.scope', $1, true)", scope)
            for table in ("application", "finding"):
                assert await connection.fetchval(f"SELECT count(*) FROM {table}") == seen


async def test_a_repeated_or_overtaken_event_changes_nothing(reporting: Served, tell: Telling) -> None:
    key = uuid4()
    new, old = (tell.record(service(id=key, version=version, name=f"в. {version}")) for version in (2, 1))
    await tell.records([new, new])
    await tell.records([old, new])
    rows = await reporting.worker.fetch("SELECT name, version FROM service")
    assert [tuple(row) for row in rows] == [("в. 2", 2)]


async def test_a_row_that_leaves_a_scope_is_seen_there_no_more(reporting: Served, tell: Telling) -> None:
    first = inspection()
    await tell(first)
    await tell(replace(first, version=2, scope=("BG",)))
    assert (await reporting.get("/v1/territory/BLG/summary")).json()["inspections"]["total"] == 0


def test_every_topic_of_the_other_services_is_listened_to() -> None:
    assert set(topics(HANDLERS)) == {fact.topic for fact in CATALOGUE.values() if fact.owner != "reporting"}


async def test_a_change_that_no_report_shows_can_be_waited_for(reporting: Served, tell: Telling) -> None:
    state = BodyState(
        code="AKSU", kind="AKSU", level="NATIONAL", name_bg="АКСУ", name_en="AKSU", territory="BG", parent=None
    )
    position = await tell(BodyEstablished(id="AKSU", version=1, state=state, scope=("public", "BG")))
    answer = await reporting.get("/v1/territory/BG/summary", headers={"Aksu-After": position})
    assert answer.status_code == 200


async def test_a_batch_of_a_thousand_is_applied_at_once(tell: Telling) -> None:
    begin = time.perf_counter()
    await tell(*(service() for _ in range(1000)))
    assert time.perf_counter() - begin < 10


async def test_reporting_changes_nothing_of_its_own(reporting: Served, tell: Telling) -> None:
    await tell(service(), licence(), inspection())
    assert await reporting.worker.fetchval("SELECT count(*) FROM change_log") == 0
