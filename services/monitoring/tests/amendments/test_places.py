"""What of an inspection follows the registry and licensing when they tell of its place later, and what stays."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from monitoring_builders import ADDRESS, INSPECTOR, MAYOR, count, finding, inspection, prescription, push, started
from monitoring_worker import apply, tell, worker_of
from registered_builders import licence, place, service

from aksu_local.served import Serve, Served
from aksu_monitoring.wiring import on_rebuilt
from aksu_shared.db.store import Kept
from aksu_shared.events.licensing.licences import LicenceAmended
from aksu_shared.events.registry.places import PlaceAmended
from aksu_shared.worker.copies import Moved


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def one(monitoring: Served, **caller: Any) -> dict[str, Any]:
    (found,) = (await monitoring.get("/v1/inspections", **caller)).json()["items"]
    read: dict[str, Any] = found
    return read


async def test_an_inspection_of_a_place_nobody_knows_is_accepted_and_flagged(monitoring: Served) -> None:
    await push(monitoring, [started()])
    await apply(monitoring)
    assert (await one(monitoring))["flags"] == ["PLACE_UNREGISTERED", "NO_LICENCE"]


async def test_flags_stay_and_what_became_known_against_them_is_told_apart(monitoring: Served) -> None:
    there = place()
    await push(monitoring, [started(place={"place_id": str(there.state.id)})])
    await apply(monitoring)
    raised = ["PLACE_UNREGISTERED", "NO_LICENCE"]
    assert (await one(monitoring))["flags_contradicted"] == []
    await tell(monitoring, there)
    known = await one(monitoring)
    assert (known["flags"], known["flags_contradicted"], known["version"]) == (raised, ["PLACE_UNREGISTERED"], 2)
    await tell(monitoring, service(there), licence(there))
    known = await one(monitoring)
    assert (known["flags"], known["flags_contradicted"], known["version"]) == (raised, raised, 3)
    assert known["service_id"] is None
    facts = await monitoring.worker.fetch("SELECT type FROM change_log WHERE version > 1")
    assert {row["type"] for row in facts} == {"bg.aksu.monitoring.inspection.amended.v1"}


async def test_what_is_known_before_counts_at_once_and_in_any_order(monitoring: Served) -> None:
    there = place()
    await tell(monitoring, licence(there), service(there), there)
    await push(monitoring, [started()])
    await apply(monitoring)
    known = await one(monitoring)
    assert (known["flags"], known["version"], known["address"]) == ([], 1, "улица Примерна № 1")


LICENCES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"valid_until": date(2026, 2, 28), "state": "EXPIRED"}, ["NO_LICENCE"]),
    ({"valid_until": date(2026, 3, 1), "state": "EXPIRED"}, []),
    ({"valid_from": date(2026, 3, 2)}, ["NO_LICENCE"]),
    ({"state": "REVOKED", "ended_on": date(2026, 3, 15)}, []),
    ({"state": "REVOKED", "ended_on": date(2026, 2, 15)}, ["NO_LICENCE"]),
    ({"state": "TERMINATED"}, ["NO_LICENCE"]),
    ({"state": "REVOCATION_PENDING"}, []),
    ({"place_id": uuid4()}, ["NO_LICENCE"]),
]


async def test_a_licence_counts_that_had_effect_there_on_the_day(monitoring: Served) -> None:
    expected = {}
    for number, (changes, flags) in enumerate(LICENCES):
        there = place(address=f"ул. Трета {number}")
        at = ADDRESS | {"address": f"ул. Трета {number}"}
        await push(monitoring, [started(place=at, attributes={"subject": f"R-{number}"})])
        await tell(monitoring, there, licence(there, **changes))
        expected[f"R-{number}"] = flags
    await apply(monitoring)
    found = (await monitoring.get("/v1/inspections")).json()["items"]
    assert {item["reference"]: item["flags"] for item in found} == expected


async def test_a_municipal_service_needs_no_licence(monitoring: Served) -> None:
    there = place()
    await tell(monitoring, there, service(there, body="MUNICIPALITY:BLG03", required=False))
    await push(monitoring, [started(provider_eik=None)])
    await apply(monitoring)
    known = await one(monitoring)
    assert (known["flags"], known["provider_body"]) == ([], None)


async def test_a_place_known_by_id_alone_gives_its_municipality_when_it_arrives(monitoring: Served) -> None:
    """What was written before stays with whom it was written for; what is written afterwards the mayor reads too."""
    there = place()
    await push(monitoring, [started(place={"place_id": str(there.state.id)}), finding(2), prescription(3)])
    await apply(monitoring)
    before = await one(monitoring)
    assert (before["municipality"], before["flags"]) == (None, ["PLACE_UNREGISTERED", "NO_LICENCE"])
    await tell(monitoring, there)
    after = await one(monitoring)
    assert (after["municipality"], after["settlement"]) == ("BLG03", "град Благоевград")
    await push(monitoring, [finding(4)])
    await apply(monitoring)
    path = f"/v1/inspections/{after['id']}/findings"
    (seen,) = (await monitoring.get(path, **MAYOR)).json()["items"]
    assert (seen["number"], seen["municipality"], seen["note"]) == (4, "BLG03", "Липсва график")
    every = (await monitoring.get(path, **INSPECTOR)).json()["items"]
    assert [each["municipality"] for each in every] == ["BLG03", "BLG03"]
    (due,) = (await monitoring.get("/v1/prescriptions?municipality=BLG03", **MAYOR)).json()["items"]
    assert (due["place_id"], due["text"]) == (str(there.state.id), None)


async def test_a_place_known_at_the_start_stays_though_its_address_is_corrected(monitoring: Served) -> None:
    there = place()
    await tell(monitoring, there)
    await push(monitoring, [started()])
    await apply(monitoring)
    kept = Kept(there.id, 1, there.scope, there.state)
    corrected = place(there.state.id, address="ул. Друга 7").state
    await tell(monitoring, kept.becomes(PlaceAmended, **corrected.model_dump()))
    after = await one(monitoring)
    assert (after["flags"], after["address"]) == (["NO_LICENCE"], "ул. Друга 7")


async def test_a_repeated_or_old_event_changes_nothing(monitoring: Served) -> None:
    there = place()
    given = licence(there)
    ended = Kept(given.id, 1, given.scope, given.state).becomes(LicenceAmended, ended_on=date(2026, 1, 1))
    await push(monitoring, [started(place={"place_id": str(there.state.id)})])
    await apply(monitoring)
    await tell(monitoring, there, given, ended)
    version = (await one(monitoring))["version"]
    await tell(monitoring, given)
    await tell(monitoring, there)
    after = await one(monitoring)
    assert (after["version"], after["flags_contradicted"]) == (version, ["PLACE_UNREGISTERED"])


async def test_an_unregistered_address_is_shown_to_its_own_territory_only(monitoring: Served) -> None:
    await push(monitoring, [started()])
    await apply(monitoring)
    assert (await one(monitoring))["address"] is None
    assert (await one(monitoring, role="municipality_officer", body="MUNICIPALITY:VAR06"))["address"] is None
    assert (await one(monitoring, **MAYOR))["address"] == ADDRESS["address"]
    assert (await one(monitoring, **INSPECTOR))["address"] == ADDRESS["address"]


async def test_many_inspections_at_one_place_are_amended_together(monitoring: Served) -> None:
    there = place()
    for number in range(10):
        first = started(place={"place_id": str(there.state.id)}, attributes={"subject": f"R-{number}"})
        await push(monitoring, [first, *inspection(f"R-{number}")[1:]])
    await apply(monitoring)
    await tell(monitoring, there)
    assert await monitoring.worker.fetchval("SELECT count(*) FROM inspection WHERE municipality = 'BLG03'") == 10
    assert await count(monitoring, "change_log") == 10 * 4 + 10 * 3  # each with its finding and its prescription


async def test_a_licence_that_its_restored_owner_no_longer_knows_raises_no_flag(monitoring: Served) -> None:
    there = place()
    await tell(monitoring, there, service(there), licence(there))
    await push(monitoring, [started()])
    await apply(monitoring)
    assert (await one(monitoring))["flags"] == []
    async with worker_of(monitoring) as worker, worker.pool.acquire() as connection, connection.transaction():
        gone = await connection.fetchval("DELETE FROM licence RETURNING to_jsonb(licence)")  # as a rebuild does
        work = worker.applier.work(connection)
        await on_rebuilt(work, [Moved("licence", gone, None)])
        await work.flush()
    assert (await one(monitoring))["flags"] == []
