"""The headline figures of the territories inside another."""

import csv
import io
import json
from typing import Any

from reporting_builders import TODAY, Telling, inspection, licence, prescription, service

from aksu_local.served import Served
from aksu_reporting.analyses.territory.schemas import ChildrenSummary, ChildSummary


async def children(reporting: Served, path: str) -> list[dict[str, Any]]:
    answer = await reporting.get(f"/v1/territory/{path}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = ChildrenSummary.model_validate_json(answer.content).model_dump(mode="json")["items"]
    return items


async def test_every_territory_inside_is_listed_with_or_without_figures(reporting: Served) -> None:
    for path, number, first in (
        ("BG/children/summary", 6, "BG31"),
        ("BG/children/summary?level=OBLAST", 28, "BGS"),
        ("BG/children/summary?level=MUNICIPALITY", 265, "BGS01"),
        ("BG41/children/summary", 5, "BLG"),
        ("BG41/children/summary?level=MUNICIPALITY", 52, "BLG01"),
        ("BLG/children/summary", 14, "BLG01"),
        ("BLG01/children/summary", 0, None),
        ("BLG/children/summary?level=REGION", 0, None),
    ):
        items = await children(reporting, path)
        assert len(items) == number
        assert next((item["code"] for item in items), None) == first


async def test_a_row_holds_the_headlines_of_its_territory(reporting: Served, tell: Telling) -> None:
    await tell(service(financing="STATE_DELEGATED", capacity=30), service(capacity=10), service(capacity=None))
    await tell(licence(valid_until=TODAY), licence())
    await tell(inspection(flags=("NO_LICENCE",)), prescription(due_on=TODAY.replace(day=1)), prescription())
    oblast = next(item for item in await children(reporting, "BG41/children/summary") if item["code"] == "BLG")
    assert (oblast["name_bg"], oblast["population"]) == ("Благоевград", 292_227)
    assert (oblast["services"], oblast["places"], oblast["capacity_unknown"]) == (3, 40, 1)
    assert (oblast["state_delegated_share_of_services"], oblast["private_share_of_services"]) == (0.3333, 0.6667)
    assert (oblast["state_delegated_share_of_places"], oblast["private_share_of_places"]) == (0.75, 0.25)
    assert (oblast["licences_in_force"], oblast["licences_expiring"]) == (2, 1)
    assert (oblast["inspections_this_year"], oblast["inspections_flagged"]) == (1, 1)
    assert (oblast["prescriptions_open"], oblast["prescriptions_overdue"]) == (2, 1)


async def test_rows_sort_by_any_headline_and_missing_shares_come_last(reporting: Served, tell: Telling) -> None:
    await tell(service(municipality="BLG01"), service(municipality="BLG02", financing="STATE_DELEGATED"))
    ranked = await children(reporting, "BLG/children/summary?sort=-private_share_of_services")
    assert [item["code"] for item in ranked[:3]] == ["BLG01", "BLG02", "BLG03"]
    largest = await children(reporting, "BG/children/summary?level=MUNICIPALITY&sort=-population")
    assert (largest[0]["code"], largest[-1]["code"]) == ("SOF46", "KNL50")
    refused = await reporting.get("/v1/territory/BG/children/summary?sort=nuts")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "?sort")


async def test_the_same_rows_come_as_csv_and_as_lines(reporting: Served, tell: Telling) -> None:
    await tell(service())
    path = "/v1/territory/BLG/children/summary"
    rows = (await reporting.get(path)).json()["items"]
    lines = await reporting.get(path, headers={"Accept": "application/x-ndjson"})
    assert [json.loads(line) for line in lines.text.splitlines()] == rows
    table = await reporting.get(path, headers={"Accept": "text/csv"})
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    read = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert list(read[0]) == list(ChildSummary.model_fields)
    assert [row["name_bg"] for row in read] == [row["name_bg"] for row in rows]
