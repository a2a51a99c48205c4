"""Whom an inspection is addressed to, who reads of it and what is public of it, whatever others register later."""

from collections.abc import Sequence
from itertools import count as counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from inspection_builders import APPROVED, CONDUCTING, DIRECTOR, issued, moved, planned, step
from monitoring_builders import (
    ADDRESS,
    EIK,
    INSPECTOR,
    MAYOR,
    OTHER_MAYOR,
    PROVIDER,
    finding,
    prescription,
    push,
    started,
)
from monitoring_worker import apply, feed, tell, worker_of
from registered_builders import licence, place, service
from uuid_utils.compat import uuid7

from aksu_local.served import Serve, Served
from aksu_monitoring.wiring import on_rebuilt
from aksu_shared.db.store import Kept
from aksu_shared.events import Event
from aksu_shared.events.registry.places import PlaceAmended, PlaceState
from aksu_shared.events.registry.services import ServiceAmended, ServiceClosed, ServiceState
from aksu_shared.worker.copies import Moved

CLAIMANT: dict[str, Any] = {"role": "provider", "body": "PROVIDER:175229303"}
SECOND: dict[str, Any] = {"role": "provider", "body": "PROVIDER:831641791"}
POLICE: dict[str, Any] = {"role": "body_officer", "body": "POLICE:BLG"}
CALLERS: dict[str, dict[str, Any]] = {
    "public": {}, "provider": PROVIDER, "claimant": CLAIMANT, "second": SECOND, "mayor": MAYOR,
    "other mayor": OTHER_MAYOR, "police": POLICE, "inspector": INSPECTOR,
}  # fmt: skip
NOTE, TEXT = "Липсва график", "Да се изготви график"


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def pushed(monitoring: Served, **changes: Any) -> dict[str, Any]:
    """A pushed inspection with a finding and a prescription, as the public reads it."""
    await push(monitoring, [started(**changes), finding(2), prescription(3)])
    await apply(monitoring)
    return await inspection(monitoring)


async def inspection(monitoring: Served, **caller: Any) -> dict[str, Any]:
    (found,) = (await monitoring.get("/v1/inspections", **caller)).json()["items"]
    return dict(found)


async def texts(monitoring: Served, key: str, caller: dict[str, Any]) -> set[str]:
    """What the caller reads of what is written about an inspection."""
    findings = (await monitoring.get(f"/v1/inspections/{key}/findings", **caller)).json()["items"]
    due = (await monitoring.get(f"/v1/prescriptions?inspection_id={key}", **caller)).json()["items"]
    address = (await monitoring.get(f"/v1/inspections/{key}", **caller)).json()["address"]
    return {str(text) for text in [*(each["note"] for each in findings), *(each["text"] for each in due), address]}


async def test_registering_a_service_at_an_inspected_address_opens_nothing(monitoring: Served) -> None:
    before = await pushed(monitoring, provider_eik=None)
    there = place()
    await tell(monitoring, there, service(there, body=str(CLAIMANT["body"])))
    after = await inspection(monitoring)
    assert after == before
    assert (after["provider_body"], after["address"], after["place_id"], after["address_withheld"]) == (
        None, None, None, True,
    )  # fmt: skip
    assert await texts(monitoring, after["id"], CLAIMANT) == {"None"}
    (due,) = (await monitoring.get("/v1/prescriptions", **CLAIMANT)).json()["items"]
    answer = await monitoring.post(f"/v1/prescriptions/{due['id']}/report-fulfilled", {"proof": "Готово"}, **CLAIMANT)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    told = await feed(monitoring)
    assert (after["id"] in told, ADDRESS["address"] in told, str(there.state.id) in told) == (True, False, False)


async def test_a_second_provider_at_the_address_takes_nothing_from_the_first(monitoring: Served) -> None:
    there = place()
    await tell(monitoring, there, service(there), service(there, body=str(CLAIMANT["body"])))
    found = await pushed(monitoring)
    assert (found["provider_body"], found["provider_basis"]) == (PROVIDER["body"], "SOURCE")
    assert await texts(monitoring, found["id"], PROVIDER) >= {NOTE, TEXT}
    assert not await texts(monitoring, found["id"], CLAIMANT) & {NOTE, TEXT}


async def test_a_source_that_names_nobody_addresses_nobody_though_one_alone_is_registered_there(
    monitoring: Served,
) -> None:
    there = place()
    await tell(monitoring, there, service(there))
    found = await pushed(monitoring, provider_eik=None)
    assert (found["provider_body"], found["service_id"], found["provider_basis"]) == (None, None, None)
    assert not await texts(monitoring, found["id"], PROVIDER) & {NOTE, TEXT}


async def test_a_backdated_licence_takes_no_flag_away(monitoring: Served) -> None:
    there = place()
    await tell(monitoring, there)
    found = await pushed(monitoring)
    await tell(monitoring, licence(there))
    after = await inspection(monitoring)
    assert (found["flags"], after["flags"], after["flags_contradicted"]) == (
        ["NO_LICENCE"], ["NO_LICENCE"], ["NO_LICENCE"],
    )  # fmt: skip


# What others may do afterwards: a place at the address, services there by several, their end, their move, a correction
# of the address, a licence of long ago, copies made anew.
_AFTERWARDS = ("place", "claim", "second", "own", "close", "move", "correct", "licence", "rebuild")
_examples = counter()


class Registry:
    """What the registry and licensing tell of one address, step by step."""

    def __init__(self, monitoring: Served, where: dict[str, str], place_id: UUID) -> None:
        self._monitoring = monitoring
        self._place: Kept[PlaceState] | None = None
        self._services: list[Kept[ServiceState]] = []
        self._first = place(place_id, **where)

    async def do(self, what: str) -> None:
        """Take one step; it tells of the place first where nobody did."""
        if self._place is None:
            await tell(self._monitoring, self._first)
            self._place = _kept(self._first)
        match what:
            case "claim" | "second" | "own":
                body = {"claim": CLAIMANT, "second": SECOND, "own": PROVIDER}[what]["body"]
                opened = service(self._first, body=str(body))
                self._services.append(_kept(opened))
                await tell(self._monitoring, opened)
            case "close" if self._services:
                await tell(self._monitoring, self._services.pop().becomes(ServiceClosed, state="CLOSED"))
            case "move" if self._services:
                away = place(address=f"ул. Далечна {uuid4().hex[:6]}")
                moved_ = self._services.pop().becomes(ServiceAmended, place_id=away.state.id)
                await tell(self._monitoring, away, moved_)
            case "correct":
                event = self._place.becomes(PlaceAmended, address=f"ул. Нова {uuid4().hex[:6]}")
                self._place = _kept(event)
                await tell(self._monitoring, event)
            case "licence":
                await tell(self._monitoring, licence(self._first))
            case "rebuild":
                await self._rebuild()

    async def _rebuild(self) -> None:
        async with worker_of(self._monitoring) as worker, worker.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchval("SELECT to_jsonb(p) FROM place p WHERE id = $1", UUID(self._first.id))
            work = worker.applier.work(connection)
            await on_rebuilt(work, [Moved("place", row, row)])
            await work.flush()


def _kept(event: Event[Any]) -> Kept[Any]:
    return Kept(event.id, event.version, event.scope, event.state)


@example(earlier=[], later=["claim", "second"], given_by="address", eik=None)
@example(earlier=[], later=["claim", "correct"], given_by="id", eik=None)
@example(earlier=["own"], later=["claim", "close", "rebuild"], given_by="address", eik=EIK)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    earlier=st.lists(st.sampled_from(_AFTERWARDS), max_size=2),
    later=st.lists(st.sampled_from(_AFTERWARDS), min_size=1, max_size=4),
    given_by=st.sampled_from(("address", "id")),
    eik=st.sampled_from((None, EIK)),
)
async def test_nobody_reads_more_or_is_addressed_by_what_is_registered_later(
    monitoring: Served, earlier: Sequence[str], later: Sequence[str], given_by: str, eik: str | None
) -> None:
    number = next(_examples)
    where, key = ADDRESS | {"address": f"ул. Пример {number}"}, uuid7()
    registry = Registry(monitoring, where, key)
    for what in earlier:
        await registry.do(what)
    at = {"place_id": str(key)} if given_by == "id" else where
    named = {"subject": f"R-{number}"}
    await push(
        monitoring,
        [
            started(place=at, provider_eik=eik, attributes=named),
            finding(2, attributes=named),
            prescription(3, attributes=named),
        ],
    )
    await apply(monitoring)
    before = await _seen(monitoring, f"R-{number}")
    for what in later:
        await registry.do(what)
        after = await _seen(monitoring, f"R-{number}")
        for name, (facts, read) in after.items():
            known, was = before[name]
            assert read == was, (what, name)
            for field in ("provider_body", "provider_basis", "flags", "service_id", "address_withheld"):
                assert facts[field] == known[field], (what, name, field)
            if known["address_withheld"]:
                assert facts == known, (what, name)


async def _seen(monitoring: Served, reference: str) -> dict[str, tuple[dict[str, Any], set[str]]]:
    """Caller → the inspection as they read it, and the texts they read of it."""
    found = {}
    for name, caller in CALLERS.items():
        (one,) = (await monitoring.get(f"/v1/inspections?reference={reference}", **caller)).json()["items"]
        read = await texts(monitoring, one["id"], caller)
        findings = (await monitoring.get(f"/v1/inspections/{one['id']}/findings", **caller)).json()["items"]
        found[name] = (one, read & {NOTE, TEXT} | {f"finding {each['number']}" for each in findings})
    return found


CONFIRMATION = {"provider_body": CLAIMANT["body"], "reason": "Намерен на място, представи договор за наем."}


async def test_an_inspector_confirms_the_provider_who_from_then_on_reads_and_answers(monitoring: Served) -> None:
    found = await pushed(monitoring, provider_eik=None)
    path = f"/v1/inspections/{found['id']}/confirm-provider"
    answer = await monitoring.post(path, CONFIRMATION, **INSPECTOR)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["provider_body"], answer.json()["provider_basis"]) == (CLAIMANT["body"], "CONFIRMED")
    assert await texts(monitoring, found["id"], CLAIMANT) == {NOTE, TEXT, ADDRESS["address"]}
    assert await texts(monitoring, found["id"], SECOND) == {"None"}
    (due,) = (await monitoring.get("/v1/prescriptions", **CLAIMANT)).json()["items"]
    assert due["provider_body"] == CLAIMANT["body"]
    report = await monitoring.post(f"/v1/prescriptions/{due['id']}/report-fulfilled", {"proof": "Ето"}, **CLAIMANT)
    assert report.status_code == 200
    row = await monitoring.worker.fetchrow(
        "SELECT type, reason, legal_basis FROM change_log WHERE type LIKE '%addressed%'"
    )
    assert (row["reason"], row["legal_basis"].split(";")[0]) == (CONFIRMATION["reason"], "чл. 59, ал. 3 ЗСУ")
    again = await monitoring.post(path, CONFIRMATION | {"provider_body": SECOND["body"]}, **INSPECTOR)
    assert (again.status_code, again.json()["code"]) == (409, "provider_confirmed")


async def test_an_inspector_corrects_whom_a_source_named_and_that_one_reads_no_longer(monitoring: Served) -> None:
    found = await pushed(monitoring)
    assert await texts(monitoring, found["id"], PROVIDER) >= {NOTE, TEXT}
    await monitoring.post(f"/v1/inspections/{found['id']}/confirm-provider", CONFIRMATION, **INSPECTOR)
    assert await texts(monitoring, found["id"], PROVIDER) == {"None"}
    assert await texts(monitoring, found["id"], CLAIMANT) >= {NOTE, TEXT}
    assert await texts(monitoring, found["id"], MAYOR) >= {NOTE, TEXT}


async def test_whom_the_source_named_may_be_confirmed_and_keeps_what_they_read(monitoring: Served) -> None:
    found = await pushed(monitoring)
    before = await texts(monitoring, found["id"], PROVIDER)
    path = f"/v1/inspections/{found['id']}/confirm-provider"
    answer = await monitoring.post(path, CONFIRMATION | {"provider_body": PROVIDER["body"]}, **INSPECTOR)
    assert (answer.status_code, answer.json()["provider_basis"]) == (200, "CONFIRMED")
    assert await texts(monitoring, found["id"], PROVIDER) == before


@pytest.mark.parametrize("who", [MAYOR, PROVIDER, CLAIMANT, DIRECTOR, POLICE], ids=lambda who: str(who["body"]))
async def test_nobody_else_confirms_a_provider(monitoring: Served, who: dict[str, Any]) -> None:
    found = await pushed(monitoring, provider_eik=None)
    refused = await monitoring.post(f"/v1/inspections/{found['id']}/confirm-provider", CONFIRMATION, **who)
    assert (refused.status_code, refused.json()["right"]) == (403, "monitoring.inspection.confirm_provider")


async def test_of_an_own_inspection_the_team_confirms_once_it_has_started(monitoring: Served) -> None:
    path = await planned(monitoring, provider_eik=None)
    await step(monitoring, path, "order")
    early = await monitoring.post(f"{path}/confirm-provider", CONFIRMATION, **CONDUCTING)
    assert (early.status_code, early.json()["code"]) == (409, "inspection_not_started")
    await monitoring.post(f"{path}/start", {}, **CONDUCTING)
    other = await monitoring.post(f"{path}/confirm-provider", CONFIRMATION, **INSPECTOR)
    assert (other.status_code, other.json()["code"]) == (409, "not_of_team")
    assert other.json()["legal_basis"].startswith("чл. 38")
    assert (await monitoring.post(f"{path}/confirm-provider", CONFIRMATION, **CONDUCTING)).status_code == 200


@pytest.mark.parametrize("body", ["POLICE:BLG", "PROVIDER:12", "nobody"])
async def test_only_a_provider_is_confirmed_as_one(monitoring: Served, body: str) -> None:
    found = await pushed(monitoring, provider_eik=None)
    path = f"/v1/inspections/{found['id']}/confirm-provider"
    refused = await monitoring.post(path, CONFIRMATION | {"provider_body": body}, **INSPECTOR)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_body")


async def test_a_proposal_is_not_opened_by_confirming_the_provider(monitoring: Served) -> None:
    path = await moved(monitoring, *APPROVED, "close-with-prescriptions")
    body = CONFIRMATION | {"provider_body": PROVIDER["body"]}
    assert (await monitoring.post(f"{path}/confirm-provider", body, **CONDUCTING)).status_code == 200
    assert (await monitoring.get("/v1/prescriptions", **PROVIDER)).json()["items"] == []
    assert await issued(monitoring)
