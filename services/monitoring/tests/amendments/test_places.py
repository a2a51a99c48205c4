"""Flags and places of inspections follow what the registry and licensing tell, whenever they tell it."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from monitoring_builders import ADDRESS, EIK, INSPECTOR, MAYOR, count, finding, inspection, prescription, push, started
from monitoring_worker import apply, tell, worker_of
from uuid_utils.compat import uuid7

from aksu_local.served import Serve, Served
from aksu_monitoring.wiring import on_rebuilt
from aksu_shared.db.store import Kept, begins
from aksu_shared.events import Event
from aksu_shared.events.licensing.licences import LicenceAmended, LicenceImported, LicenceState
from aksu_shared.events.registry.places import PlaceAmended, PlaceRegistered, PlaceState
from aksu_shared.events.registry.services import ServiceRegistered, ServiceState
from aksu_shared.events.scope import row_scope
from aksu_shared.kernel.address import place_key
from aksu_shared.worker.copies import Moved

SCOPE = row_scope("BLG03", public=True)


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


def place(place_id: UUID | None = None, **changes: str) -> Event[PlaceState]:
    where = {"municipality": "BLG03", "settlement": "град Благоевград", "address": "улица Примерна № 1"} | changes
    key = place_key(**where, eik="")
    state = PlaceState(id=place_id or uuid7(), key="|".join(key), **where)
    return begins(PlaceRegistered, state, id=str(state.id), scope=SCOPE)


def service(at: Event[PlaceState], *, body: str = f"PROVIDER:{EIK}", required: bool = True) -> Event[ServiceState]:
    state = ServiceState(
        id=uuid7(), name="Дом", kind="HOME_ELDERLY", activity_groups=(), target_groups=("ELDERLY",),
        financing="PRIVATE", management=None, capacity=20, state="ACTIVE", licence_required=required,
        provider_id=uuid7(), provider_body=body, provider_name="Доставчик",
        operator_id=None, operator_body=None, operator_name=None, place_id=at.state.id,
        municipality="BLG03", settlement="гр. Благоевград", address="ул. Примерна 1", started_on=None,
    )  # fmt: skip
    return begins(ServiceRegistered, state, id=str(state.id), scope=SCOPE)


def licence(at: Event[PlaceState], **changes: Any) -> Event[LicenceState]:
    fields = {
        "id": uuid7(), "number": "Л-3129-1/01.01.2024", "sequence": 1, "state": "ACTIVE", "origin": "IMPORTED",
        "kind": "ORIGINAL", "service_id": uuid7(), "provider_id": uuid7(), "provider_body": f"PROVIDER:{EIK}",
        "provider_name": "Доставчик", "place_id": at.state.id, "municipality": "BLG03", "issued_on": date(2024, 1, 1),
        "valid_from": date(2024, 1, 1), "valid_until": date(2028, 12, 31),
    }  # fmt: skip
    state = LicenceState.model_validate(fields | changes)
    return begins(LicenceImported, state, id=str(state.id), scope=SCOPE)


async def one(monitoring: Served, **caller: Any) -> dict[str, Any]:
    (found,) = (await monitoring.get("/v1/inspections", **caller)).json()["items"]
    read: dict[str, Any] = found
    return read


async def test_an_inspection_of_a_place_nobody_knows_is_accepted_and_flagged(monitoring: Served) -> None:
    await push(monitoring, [started()])
    await apply(monitoring)
    assert (await one(monitoring))["flags"] == ["PLACE_UNREGISTERED", "NO_LICENCE"]


async def test_flags_fall_as_place_and_licence_become_known(monitoring: Served) -> None:
    await push(monitoring, [started()])
    await apply(monitoring)
    there = place()
    await tell(monitoring, there)
    known = await one(monitoring)
    assert (known["flags"], known["place_id"], known["version"]) == (["NO_LICENCE"], str(there.state.id), 2)
    await tell(monitoring, service(there), licence(there))
    known = await one(monitoring)
    assert (known["flags"], known["version"]) == ([], 4)
    assert known["service_id"] is not None
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
    await push(monitoring, [started(provider_eik=None)])
    await apply(monitoring)
    await tell(monitoring, there, service(there, body="MUNICIPALITY:BLG03", required=False))
    known = await one(monitoring)
    assert (known["flags"], known["provider_body"]) == ([], "MUNICIPALITY:BLG03")


async def test_a_place_known_by_id_alone_gives_its_municipality_when_it_arrives(monitoring: Served) -> None:
    there = place()
    await push(monitoring, [started(place={"place_id": str(there.state.id)}), finding(2), prescription(3)])
    await apply(monitoring)
    before = await one(monitoring)
    assert (before["municipality"], before["flags"]) == (None, ["PLACE_UNREGISTERED", "NO_LICENCE"])
    assert (await monitoring.get(f"/v1/inspections/{before['id']}/findings", **MAYOR)).json()["items"] == []
    await tell(monitoring, there)
    after = await one(monitoring)
    assert (after["municipality"], after["settlement"]) == ("BLG03", "град Благоевград")
    (seen,) = (await monitoring.get(f"/v1/inspections/{after['id']}/findings", **MAYOR)).json()["items"]
    assert (seen["municipality"], seen["note"]) == ("BLG03", "Липсва график")
    (due,) = (await monitoring.get("/v1/prescriptions?municipality=BLG03", **MAYOR)).json()["items"]
    assert (due["place_id"], due["text"]) == (str(there.state.id), "Да се изготви график")


async def test_a_place_once_found_stays_though_its_address_is_corrected(monitoring: Served) -> None:
    there = place()
    await push(monitoring, [started()])
    await apply(monitoring)
    await tell(monitoring, there)
    kept = Kept(there.id, 1, there.scope, there.state)
    corrected = place(there.state.id, address="ул. Друга 7").state
    await tell(monitoring, kept.becomes(PlaceAmended, **corrected.model_dump()))
    after = await one(monitoring)
    assert (after["flags"], after["address"]) == (["NO_LICENCE"], "ул. Друга 7")


async def test_a_repeated_or_old_event_changes_nothing(monitoring: Served) -> None:
    there = place()
    given = licence(there)
    ended = Kept(given.id, 1, given.scope, given.state).becomes(LicenceAmended, ended_on=date(2026, 1, 1))
    await push(monitoring, [started()])
    await apply(monitoring)
    await tell(monitoring, there, given, ended)
    version = (await one(monitoring))["version"]
    await tell(monitoring, given)
    await tell(monitoring, there)
    assert ((await one(monitoring))["version"], (await one(monitoring))["flags"]) == (version, ["NO_LICENCE"])


async def test_an_unregistered_address_is_shown_to_its_own_territory_only(monitoring: Served) -> None:
    await push(monitoring, [started()])
    await apply(monitoring)
    assert (await one(monitoring))["address"] is None
    assert (await one(monitoring, role="municipality_officer", body="MUNICIPALITY:VAR06"))["address"] is None
    assert (await one(monitoring, **MAYOR))["address"] == ADDRESS["address"]
    assert (await one(monitoring, **INSPECTOR))["address"] == ADDRESS["address"]


async def test_many_inspections_at_one_place_are_amended_together(monitoring: Served) -> None:
    for number in range(10):
        await push(monitoring, inspection(f"R-{number}"))
    await apply(monitoring)
    await tell(monitoring, place())
    assert await monitoring.worker.fetchval("SELECT count(*) FROM inspection WHERE flags = '{NO_LICENCE}'") == 10
    assert await count(monitoring, "change_log") == 10 * 4 + 10 + 10  # each with its prescription, which gets the place


async def test_a_licence_that_its_restored_owner_no_longer_knows_flags_the_inspection_again(monitoring: Served) -> None:
    await push(monitoring, [started()])
    await apply(monitoring)
    there = place()
    await tell(monitoring, there, service(there), licence(there))
    assert (await one(monitoring))["flags"] == []
    async with worker_of(monitoring) as worker, worker.pool.acquire() as connection, connection.transaction():
        gone = await connection.fetchval("DELETE FROM licence RETURNING to_jsonb(licence)")  # as a rebuild does
        work = worker.applier.work(connection)
        await on_rebuilt(work, [Moved("licence", gone, None)])
        await work.flush()
    assert (await one(monitoring))["flags"] == ["NO_LICENCE"]
