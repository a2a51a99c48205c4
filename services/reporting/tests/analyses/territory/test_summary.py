"""The summary of a territory."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from reporting_builders import (
    ANALYST,
    MAYOR,
    TODAY,
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
from aksu_reporting.analyses.territory.schemas import TerritorySummary

DAY = timedelta(days=1)
MINISTRY: dict[str, Any] = {"role": "ministry_reader", "body": "MLSP"}


async def summary(reporting: Served, code: str = "BLG", **caller: Any) -> dict[str, Any]:
    answer = await reporting.get(f"/v1/territory/{code}/summary", **caller)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_territory_of_each_level_shows_its_census(reporting: Served) -> None:
    for code, level, name, population, municipalities in (
        ("BG", "NATION", "България", 6_519_789, 265),
        ("BG41", "REGION", "Югозападен", 2_024_404, 52),
        ("BLG", "OBLAST", "Благоевград", 292_227, 14),
        ("BLG01", "MUNICIPALITY", "Банско", 12_722, 1),
    ):
        found = (await summary(reporting, code))["territory"]
        assert (found["code"], found["level"], found["name_bg"]) == (code, level, name)
        assert (found["population"], found["municipalities"]) == (population, municipalities)


async def test_an_unknown_territory_is_not_found(reporting: Served) -> None:
    for code in ("XXX", "BLG99", "BG99", "blg", "BG%00", "%27", "B" * 20):
        for path in ("summary", "children/summary"):
            answer = await reporting.get(f"/v1/territory/{code}/{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await reporting.get(f"/v1/territory/{'B' * 21}/summary")).status_code == 422  # longer than any code


async def test_the_bytes_hold_what_the_model_documents(reporting: Served, tell: Telling) -> None:
    await tell(provider(seat_municipality="BLG03"), place(), service(), service(kind="DAY_CENTRE", capacity=None))
    await tell(licence(), application(), finding(), prescription())
    await tell(inspection(flags=("NO_LICENCE",), outcome="PRESCRIPTIONS"))
    for code in ("BG", "BG41", "BLG", "BLG03", "VID01"):
        for caller in ({}, ANALYST, MAYOR):
            answer = await reporting.get(f"/v1/territory/{code}/summary", **caller)
            shown = TerritorySummary.model_validate_json(answer.content)
            assert json.loads(shown.model_dump_json()).keys() == answer.json().keys()


async def test_each_share_states_its_base_and_mixed_is_a_class_of_its_own(reporting: Served, tell: Telling) -> None:
    await tell(
        service(financing="STATE_DELEGATED", capacity=30),
        service(financing="STATE_DELEGATED", capacity=None),
        service(financing="PRIVATE", capacity=10),
        service(financing="MIXED", capacity=60),
        service(financing="PRIVATE", capacity=500, state="CLOSED"),
    )
    found = (await summary(reporting))["services"]
    assert (found["total"], found["places"], found["capacity_unknown"], found["closed"]) == (4, 100, 1, 1)
    by_services, by_places = found["shares"]
    assert (by_services["base"], by_services["of"], by_services["unknown"]) == ("services", 4, None)
    assert by_services["share"] == {
        "state_delegated": 0.5, "municipal": 0, "private": 0.25, "mixed": 0.25, "eu_project": 0
    }  # fmt: skip
    assert (by_places["base"], by_places["of"], by_places["unknown"]) == ("places", 100, 1)
    assert by_places["share"] == {
        "state_delegated": 0.3, "municipal": 0, "private": 0.1, "mixed": 0.6, "eu_project": 0
    }  # fmt: skip
    assert found["by_financing"]["STATE_DELEGATED"] == {"services": 2, "places": 30, "capacity_unknown": 1}


async def test_a_share_of_places_is_null_for_a_class_of_which_no_capacity_is_known(
    reporting: Served, tell: Telling
) -> None:
    await tell(service(financing="STATE_DELEGATED", capacity=30), service(financing="PRIVATE", capacity=None))
    by_services, by_places = (await summary(reporting))["services"]["shares"]
    assert (by_services["share"]["private"], by_places["share"]["private"]) == (0.5, None)
    assert (by_places["share"]["state_delegated"], by_places["share"]["mixed"], by_places["unknown"]) == (1, 0, 1)
    (oblast,) = (
        item
        for item in (await reporting.get("/v1/territory/BG41/children/summary")).json()["items"]
        if item["code"] == "BLG"
    )
    assert (oblast["private_share_of_places"], oblast["state_delegated_share_of_places"]) == (None, 1)


async def test_a_share_of_nothing_is_null(reporting: Served) -> None:
    assert (await summary(reporting))["services"]["shares"][1]["share"]["private"] is None


async def test_a_service_of_several_activity_groups_counts_in_each(reporting: Served, tell: Telling) -> None:
    await tell(service(activity_groups=("DAY_CARE", "THERAPY_REHABILITATION"), capacity=5))
    found = (await summary(reporting))["services"]
    one = {"services": 1, "places": 5, "capacity_unknown": 0}
    assert found["by_activity_group"] == {"DAY_CARE": one, "THERAPY_REHABILITATION": one}
    assert found["by_kind"] == {"HOME_ELDERLY": one}


async def test_a_provider_counts_where_it_works_and_where_it_sits(reporting: Served, tell: Telling) -> None:
    ngo, municipality = (
        provider(),
        provider(legal_form="MUNICIPALITY", licence_required=False, seat_municipality="BLG03"),
    )
    await tell(ngo, municipality)
    await tell(
        service(provider_id=municipality.state.id, operator_id=ngo.state.id),
        service(provider_id=ngo.state.id),
        service(provider_id=ngo.state.id, municipality="VID01"),
    )
    found = (await summary(reporting, "BLG"))["providers"]
    assert found["working"]["by_legal_form"] == {"MUNICIPALITY": 1, "NGO": 1}
    assert (found["working"]["licence_required"], found["working"]["licence_not_required"]) == (1, 1)
    assert (found["seated"]["total"], found["seat_unknown"]) == (1, None)
    nation = (await summary(reporting, "BG"))["providers"]
    assert (nation["working"]["total"], nation["seated"]["total"], nation["seat_unknown"]) == (2, 1, 1)


async def test_a_licence_is_expired_the_day_after_its_last_one_whether_announced_or_not(
    reporting: Served, tell: Telling
) -> None:
    await tell(
        licence(valid_until=TODAY), licence(valid_until=TODAY - DAY), licence(valid_until=TODAY - DAY, state="EXPIRED")
    )
    found = (await summary(reporting))["licences"]
    assert found["by_state"] == {"ACTIVE": 1, "EXPIRED": 2}
    assert (found["in_force"], found["expiring"]) == (1, 1)


async def test_a_licence_is_expiring_from_three_months_before_its_last_day(reporting: Served, tell: Telling) -> None:
    await tell(licence(valid_until=date(2026, 6, 16)), licence(valid_until=date(2026, 6, 17)))
    found = (await summary(reporting))["licences"]
    assert (found["in_force"], found["expiring"], found["expiring_until"]) == (2, 1, "2026-06-16")


async def test_a_renewed_licence_is_in_force_to_its_last_day_and_its_successor_only_then(
    reporting: Served, tell: Telling
) -> None:
    await tell(
        licence(state="RENEWED", valid_until=TODAY + DAY),
        licence(kind="RENEWED", valid_from=TODAY + 2 * DAY, valid_until=date(2031, 3, 17)),
        licence(state="REPLACED", ended_on=TODAY - DAY),
    )
    found = (await summary(reporting))["licences"]
    assert (found["total"], found["in_force"], found["expiring"]) == (3, 1, 0)


async def test_a_licence_that_an_order_ended_is_in_force_to_that_day_and_on_none_if_nobody_told_it(
    reporting: Served, tell: Telling
) -> None:
    await tell(
        licence(state="TERMINATED", ended_on=TODAY),
        licence(state="REVOKED", ended_on=TODAY - DAY),
        licence(state="REVOKED_FINAL"),
    )
    found = (await summary(reporting))["licences"]
    assert (found["total"], found["in_force"]) == (3, 1)


async def test_inspections_count_by_kind_state_outcome_and_flag(reporting: Served, tell: Telling) -> None:
    await tell(
        inspection(flags=("PLACE_UNREGISTERED", "NO_LICENCE"), kind="UNLICENSED_SITE"),
        inspection(state="CLOSED", outcome="NO_FINDINGS", started_on=date(2025, 12, 31)),
        inspection(state="PLANNED", started_on=None),
    )
    found = (await summary(reporting))["inspections"]
    assert (found["total"], found["this_year"], found["without_outcome"]) == (3, 1, 2)
    assert found["by_kind"] == {"PLANNED": 2, "UNLICENSED_SITE": 1}
    assert found["by_state"] == {"CLOSED": 1, "IN_PROGRESS": 1, "PLANNED": 1}
    assert found["by_outcome"] == {"NO_FINDINGS": 1}
    assert found["by_flag"] == {"NO_LICENCE": 1, "PLACE_UNREGISTERED": 1}


async def test_an_inspection_whose_municipality_is_unknown_is_said_at_the_nation(
    reporting: Served, tell: Telling
) -> None:
    await tell(inspection(municipality=None), inspection(), prescription(municipality=None))
    found = await summary(reporting, "BG")
    assert found["inspections"]["total"] == 1
    assert found["unplaced"] == {"inspections": 1, "prescriptions": 1}
    assert (await summary(reporting, "BLG"))["unplaced"] is None


async def test_a_prescription_is_overdue_the_day_after_its_term_unless_its_next_step_is_another_ones(
    reporting: Served, tell: Telling
) -> None:
    await tell(
        prescription(due_on=TODAY),
        prescription(due_on=TODAY - DAY),
        prescription(due_on=TODAY - DAY, state="REPORTED_FULFILLED"),
        prescription(due_on=TODAY - DAY, state="APPEALED"),
        prescription(due_on=TODAY - DAY, state="VERIFIED_FULFILLED"),
    )
    found = (await summary(reporting))["prescriptions"]
    assert (found["total"], found["open"], found["overdue"]) == (5, 4, 1)


async def test_overdue_follows_the_legal_clock(reporting: Served, tell: Telling) -> None:
    await tell(prescription(due_on=TODAY), licence(valid_until=TODAY))
    clock = reporting.app.state.api.clock
    offset = float(reporting.clock_file.read_text())
    reporting.advance(offset + DAY.total_seconds())
    clock._next_check = 0.0
    found = await summary(reporting)
    assert found["as_of"] == str(TODAY + DAY)
    assert (found["prescriptions"]["overdue"], found["licences"]["in_force"]) == (1, 0)


async def test_restricted_figures_are_shown_to_those_whose_territory_covers_them_and_null_to_others(
    reporting: Served, tell: Telling
) -> None:
    await tell(
        application(decision_due=TODAY - DAY), application(state="GRANTED", decided_on=TODAY), finding(result="MET")
    )
    for caller in ({}, {"role": "provider", "body": "PROVIDER:130007884"}, MAYOR):
        found = await summary(reporting, "BLG", **caller)
        assert (found["applications"], found["findings"]) == (None, None)
        assert set(found["covered"].values()) == {False}
    for code, caller in (("BLG03", MAYOR), ("BLG", ANALYST), ("BG", ANALYST), ("BG", MINISTRY)):
        found = await summary(reporting, code, **caller)
        inspecting = caller is not MINISTRY
        assert found["findings"] == ({"total": 1, "by_result": {"MET": 1}} if inspecting else None)
        whole = {"total": 2, "pending": 1, "overdue": 1, "by_state": {"GRANTED": 1, "UNDER_REVIEW": 1}}
        assert found["applications"] == (whole if caller is ANALYST else None)
        assert found["covered"] == {
            "applications": caller is ANALYST, "unannounced": caller is ANALYST, "findings": inspecting
        }  # fmt: skip


@pytest.mark.parametrize(
    ("role", "body"), [("oblast_officer", "OBLAST:BLG"), ("ministry_reader", "MLSP"), ("body_officer", "ASP")]
)
async def test_findings_are_not_counted_for_those_who_do_not_see_all_of_them(
    reporting: Served, tell: Telling, role: str, body: str
) -> None:
    await tell(finding(result="MET"))
    for code in ("BLG03", "BLG", "BG"):
        assert (await summary(reporting, code, role=role, body=body))["findings"] is None


async def test_what_only_the_agency_knows_is_in_no_figure_of_others_and_not_as_0(
    reporting: Served, tell: Telling
) -> None:
    await tell(inspection(public=False), inspection())
    for caller, unannounced in (({}, None), (MAYOR, None), (MINISTRY, None), (ANALYST, 1)):
        found = (await summary(reporting, **caller))["inspections"]
        assert (found["total"], found["unannounced"]) == (1, unannounced)
    assert (await summary(reporting, role="municipality_officer", body="MUNICIPALITY:VID01"))["inspections"][
        "total"
    ] == 1


async def test_each_source_says_until_when_it_is_known(reporting: Served, tell: Telling) -> None:
    before = (await summary(reporting))["fresh_at"]
    assert before["registry"] is not None
    assert (before["licensing"], before["monitoring"]) == (None, None)
    await tell(licence())
    assert (await summary(reporting))["fresh_at"]["licensing"] == "2026-03-16T10:00:00+00:00"


async def test_a_read_after_a_change_shows_it_or_says_to_come_back(reporting: Served, tell: Telling) -> None:
    position = await tell(inspection())
    path = "/v1/territory/BLG/summary"
    answer = await reporting.get(path, headers={"Aksu-After": position})
    assert answer.json()["inspections"]["total"] == 1
    missing = await reporting.get(path, headers={"Aksu-After": "monitoring:99"})
    assert (missing.status_code, missing.headers["Retry-After"]) == (503, "1")
    assert (await reporting.get(path, headers={"Aksu-After": "nonsense"})).status_code == 422


async def test_an_older_version_changes_nothing(reporting: Served, tell: Telling) -> None:
    key = uuid4()
    await tell(service(id=key, version=2, capacity=7))
    await tell(service(id=key, version=1, capacity=5))
    assert (await summary(reporting))["services"]["places"] == 7
