"""Services across the registers."""

import csv
import io
import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from reporting_builders import TODAY, Telling, inspection, licence, prescription, provider, service

from aksu_local.served import Served, Unopened
from aksu_reporting.analyses.services.schemas import ServiceRow
from aksu_shared.web.reads import PageOf

DAY = timedelta(days=1)


async def rows(reporting: Served, query: str = "") -> list[dict[str, Any]]:
    answer = await reporting.get(f"/v1/services?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def names(reporting: Served, query: str) -> list[str]:
    return [row["name"] for row in await rows(reporting, query)]


async def test_the_bytes_hold_what_the_model_documents(reporting: Served, tell: Telling) -> None:
    full = service()
    await tell(full, service(operator_id=uuid4(), operator_name="Оператор", operator_body="PROVIDER:1"))
    await tell(licence(service_id=full.state.id), inspection(place_id=full.state.place_id))
    answer = await reporting.get("/v1/services")
    page = PageOf[ServiceRow].model_validate_json(answer.content)
    assert len(page.items) == 2
    assert [*answer.json()["items"][0]] == [*ServiceRow.model_fields]


async def test_a_row_joins_licence_last_inspection_and_open_prescriptions(reporting: Served, tell: Telling) -> None:
    told = service()
    key, site = told.state.id, told.state.place_id
    await tell(told)
    await tell(
        licence(service_id=key, state="REPLACED", number="Л-1", ended_on=date(2024, 1, 1)),
        licence(service_id=key, number="Л-2", sequence=2, valid_from=date(2024, 1, 2)),
    )
    await tell(
        inspection(place_id=site, started_on=date(2025, 1, 1)),
        inspection(place_id=site, started_on=date(2026, 1, 1), kind="SIGNAL", outcome="PRESCRIPTIONS"),
        inspection(place_id=site, started_on=None, state="PLANNED"),
        prescription(place_id=site, due_on=TODAY - DAY),
        prescription(place_id=site),
        prescription(place_id=site, state="ANNULLED"),
    )
    (row,) = await rows(reporting)
    assert (row["region"], row["oblast"], row["municipality_bg"]) == ("BG41", "BLG", "Благоевград")
    assert (row["licence_number"], row["licence_state"], row["licence_in_force"]) == ("Л-2", "ACTIVE", True)
    assert (row["last_inspected_on"], row["last_inspection_kind"]) == ("2026-01-01", "SIGNAL")
    assert row["last_inspection_outcome"] == "PRESCRIPTIONS"
    assert (row["open_prescriptions"], row["overdue_prescriptions"]) == (2, 1)


async def test_prescriptions_follow_the_place_to_a_new_provider(reporting: Served, tell: Telling) -> None:
    site = uuid4()
    await tell(service(name="Старият", place_id=site, state="CLOSED"), service(name="Новият", place_id=site))
    await tell(prescription(place_id=site))
    assert {row["name"]: row["open_prescriptions"] for row in await rows(reporting)} == {"Старият": 1, "Новият": 1}


async def test_a_licence_past_its_last_day_is_shown_expired_before_licensing_says_so(
    reporting: Served, tell: Telling
) -> None:
    told = service()
    await tell(told, licence(service_id=told.state.id, valid_until=TODAY - DAY))
    (row,) = await rows(reporting, "licence_state=EXPIRED")
    assert (row["licence_state"], row["licence_in_force"]) == ("EXPIRED", False)


FILTERS: tuple[tuple[str, set[str]], ...] = (
    ("municipality=BLG03", {"А", "Б"}),
    ("oblast=BLG", {"А", "Б"}),
    ("region=BG41", {"А", "Б"}),
    ("region=BG31", {"В"}),
    ("kind=DAY_CENTRE", {"Б"}),
    ("financing=STATE_DELEGATED", {"В"}),
    ("state=CLOSED", {"Б"}),
    ("licence_required=false", {"В"}),
    ("licence_state=ACTIVE", {"А"}),
    ("licence_in_force=false", {"Б", "В"}),
    ("licence_in_force=false&licence_required=true", {"Б"}),
    ("expiring=true", {"А"}),
    ("expiring=false", {"Б", "В"}),
    ("overdue=true", {"Б"}),
    ("overdue=false", {"А", "В"}),
    ("q=ЗДРАВЕЦ", {"А"}),
    ("q=100%25", set()),
)


async def test_each_filter_finds_its_services(reporting: Served, tell: Telling) -> None:
    first = service(name="А", provider_name="Фондация „Здравец“")
    second = service(name="Б", kind="DAY_CENTRE", state="CLOSED")
    third = service(name="В", financing="STATE_DELEGATED", municipality="VID01", licence_required=False)
    await tell(first, second, third)
    await tell(licence(service_id=first.state.id, valid_until=TODAY + DAY))
    await tell(prescription(place_id=second.state.place_id, due_on=TODAY - DAY))
    assert {query: set(await names(reporting, query)) for query, _ in FILTERS} == dict(FILTERS)


async def test_a_providers_services_are_those_it_answers_for_and_those_it_operates(
    reporting: Served, tell: Telling
) -> None:
    key = provider().state.id
    await tell(service(name="А", provider_id=key), service(name="Б", operator_id=key), service(name="В"))
    assert await names(reporting, f"provider_id={key}") == ["А", "Б"]


SORTS = ("name", "municipality", "licence_valid_until", "last_inspected_on", "overdue_prescriptions", "id")


async def test_pages_hold_every_service_once_in_either_direction(reporting: Served, tell: Telling) -> None:
    told = [service(name=f"Услуга {number % 3}", municipality=f"BLG0{number % 2 + 1}") for number in range(7)]
    await tell(*told)
    await tell(licence(service_id=told[0].state.id), licence(service_id=told[1].state.id, valid_until=TODAY))
    await tell(inspection(place_id=told[2].state.place_id))
    await tell(prescription(place_id=told[3].state.place_id, due_on=TODAY - DAY))
    for sort in SORTS:
        forward = await _walk(reporting, sort)
        assert len(set(forward)) == 7
        assert await _walk(reporting, f"-{sort}") == forward[::-1]


async def _walk(reporting: Served, sort: str) -> list[UUID]:
    seen: list[UUID] = []
    query = f"limit=2&sort={sort}"
    while True:
        page = (await reporting.get(f"/v1/services?{query}")).json()
        seen += [UUID(item["id"]) for item in page["items"]]
        if page["next"] is None:
            return seen
        query = f"limit=2&sort={sort}&cursor={page['next']}"


async def test_a_list_is_as_fresh_as_its_least_fresh_source(reporting: Served, tell: Telling) -> None:
    assert (await reporting.get("/v1/services")).json()["fresh_at"] is None
    await tell(licence(), inspection())
    assert (await reporting.get("/v1/services")).json()["fresh_at"] == "2026-03-16T10:00:00+00:00"


async def test_a_file_holds_the_whole_list_and_no_formula(reporting: Served, tell: Telling) -> None:
    await tell(*(service(name=f"Услуга {number:04}") for number in range(501)), service(name='=HYPERLINK("http://x")'))
    lines = await reporting.get("/v1/services?kind=HOME_ELDERLY", headers={"Accept": "application/x-ndjson"})
    assert len([ServiceRow.model_validate_json(line) for line in lines.text.splitlines()]) == 502
    table = await reporting.get("/v1/services", headers={"Accept": "text/csv, */*;q=0.1"})
    read = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert len(read) == 502
    assert read[0]["name"] == '\'=HYPERLINK("http://x")'
    assert (read[1]["licence_required"], read[1]["capacity"], read[1]["operator_id"]) == ("true", "20", "")


async def test_a_file_cannot_be_paged(reporting: Served) -> None:
    answer = await reporting.get("/v1/services?limit=5", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "export_is_whole")


async def test_rows_outside_the_callers_scope_are_neither_listed_nor_counted(reporting: Served, tell: Telling) -> None:
    told = service()
    await tell(told, inspection(place_id=told.state.place_id, public=False))
    (row,) = await rows(reporting)
    assert row["last_inspection_id"] is None
    answer = await reporting.get("/v1/services", role="inspector", body="AKSU")
    assert answer.json()["items"][0]["last_inspection_id"] is not None


async def test_a_filter_that_means_nothing_is_refused(unopened: Unopened) -> None:
    reporting = unopened("reporting")
    for query in ("region=BLG", "kind=NOTHING", "q=x", "overdue=perhaps", "unknown=1", "limit=201", "sort=capacity"):
        answer = await reporting.get(f"/v1/services?{query}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == f"?{query.partition('=')[0]}"


async def test_a_cursor_of_another_sorting_is_refused(reporting: Served, tell: Telling) -> None:
    await tell(service(), service())
    cursor = (await reporting.get("/v1/services?limit=1")).json()["next"]
    assert json.loads((await reporting.get(f"/v1/services?sort=id&cursor={cursor}")).content)["status"] == 422
