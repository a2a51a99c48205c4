"""What an owner publishes of a state besides what it wrote: groups of states, last days of effect, of terms."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from aksu_shared.db.store import Kept
from aksu_shared.events.base import State, derived
from aksu_shared.events.licensing.applications import ApplicationState
from aksu_shared.events.licensing.licences import LicenceRenewed, LicenceState
from aksu_shared.events.monitoring.prescriptions import PrescriptionAdvanced, PrescriptionState
from aksu_shared.kernel.codelists import CODELISTS

FIRST, LAST, SOONER = date(2024, 1, 1), date(2028, 12, 31), date(2026, 3, 15)


def licence(**changes: Any) -> LicenceState:
    given: dict[str, Any] = {
        "id": uuid4(), "number": "Л-3129-1/01.01.2024", "sequence": 1, "state": "ACTIVE", "origin": "ISSUED",
        "kind": "ORIGINAL", "service_id": uuid4(), "provider_id": uuid4(), "provider_body": "PROVIDER:130007884",
        "provider_name": "Фондация Надежда", "place_id": uuid4(), "municipality": "BLG03", "issued_on": FIRST,
        "valid_from": FIRST, "valid_until": LAST,
    }  # fmt: skip
    return LicenceState.model_validate(given | changes)


def application(**changes: Any) -> ApplicationState:
    given: dict[str, Any] = {
        "id": uuid4(), "procedure": "ISSUE", "state": "UNDER_REVIEW", "service_id": uuid4(), "service_name": "Дом",
        "provider_id": uuid4(), "provider_body": "PROVIDER:130007884", "provider_name": "Фондация Надежда",
        "place_id": uuid4(), "municipality": "BLG03", "settlement": "гр. Благоевград", "address": "ул. Първа 1",
        "filed_on": FIRST,
    }  # fmt: skip
    return ApplicationState.model_validate(given | changes)


def prescription(**changes: Any) -> PrescriptionState:
    given: dict[str, Any] = {
        "id": uuid4(), "inspection_id": uuid4(), "reference": "1", "municipality": "BLG03", "place_id": None,
        "provider_body": None, "state": "ISSUED", "issued_on": FIRST, "due_on": SOONER,
    }  # fmt: skip
    return PrescriptionState.model_validate(given | changes)


@pytest.mark.parametrize(
    ("make", "states"),
    [(licence, "licence_states"), (application, "application_states"), (prescription, "prescription_states")],
)
def test_every_state_belongs_to_a_group_and_one_of_no_group_is_refused(make: Any, states: str) -> None:
    assert all(make(state=state).state_group for state in CODELISTS[states])
    with pytest.raises(ValidationError):
        make(state="NOWHERE")


@pytest.mark.parametrize(
    ("changes", "last"),
    [
        ({}, LAST),
        ({"state": "REVOCATION_PENDING"}, LAST),
        ({"state": "RENEWED"}, LAST),
        ({"state": "EXPIRED"}, LAST),
        ({"state": "REPLACED", "ended_on": SOONER}, SOONER),
        ({"state": "REVOKED", "ended_on": SOONER}, SOONER),
        ({"state": "TERMINATED", "ended_on": date(2030, 1, 1)}, LAST),
        ({"state": "TERMINATED"}, None),
        ({"state": "REVOKED"}, None),
        ({"state": "REVOKED_FINAL"}, None),
        ({"state": "REPLACED", "ended_on": date(2023, 12, 31)}, None),
        ({"state": "REPLACED", "ended_on": FIRST}, FIRST),
    ],
)
def test_a_licence_has_effect_up_to_its_last_day_or_what_ended_it_sooner(
    changes: dict[str, Any], last: date | None
) -> None:
    assert licence(**changes).effective_until == last


@pytest.mark.parametrize(
    ("state", "last"), [("SUBMITTED", None), ("UNDER_REVIEW", SOONER), ("PROPOSED_REFUSAL", SOONER), ("GRANTED", None)]
)
def test_an_application_is_overdue_only_while_it_awaits_a_decision(state: str, last: date | None) -> None:
    assert application(state=state, decision_due=SOONER).overdue_after == last
    assert application(state=state, decision_due=None).overdue_after is None


@pytest.mark.parametrize(
    ("state", "last"),
    [("ISSUED", SOONER), ("UPHELD", SOONER), ("REPORTED_FULFILLED", None), ("APPEALED", None), ("ANNULLED", None)],
)
def test_a_prescription_is_overdue_only_while_the_next_step_is_the_providers(state: str, last: date | None) -> None:
    assert prescription(state=state).overdue_after == last


def test_a_change_makes_derived_fields_anew_and_tells_of_them() -> None:
    state = licence()
    event = Kept(str(state.id), 1, (), state).becomes(LicenceRenewed, state="RENEWED")
    assert event.changed == {"state": ("ACTIVE", "RENEWED"), "state_group": ("LIVE", "SUCCEEDED")}
    due = prescription()
    moved = Kept(str(due.id), 1, (), due).becomes(PrescriptionAdvanced, state="TERM_EXTENDED", due_on=LAST)
    assert moved.state.overdue_after == LAST


def test_a_reader_takes_derived_fields_as_told_and_makes_those_that_were_not() -> None:
    told = licence().model_dump(mode="json") | {"state": "LENT", "state_group": "LIVE", "effective_until": "2025-01-01"}
    read = LicenceState.model_validate(told)
    assert (read.state_group, read.effective_until) == ("LIVE", date(2025, 1, 1))
    earlier = {name: value for name, value in licence().model_dump().items() if name not in derived(LicenceState)}
    assert LicenceState.model_validate(earlier).state_group == "LIVE"


def test_only_fields_made_of_others_are_derived() -> None:
    assert derived(LicenceState) == {"state_group", "effective_until"}
    assert derived(State) == set()
