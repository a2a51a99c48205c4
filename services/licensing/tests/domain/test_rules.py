"""Rules of licensing without a database."""

from datetime import date, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from licensing_rig import licence, provider, row, service

from aksu_licensing.domain.application import BY_NAME
from aksu_licensing.domain.licence import number_of, overlap, stated
from aksu_licensing.domain.machines import APPLICATION
from aksu_licensing.schemas import GrantOrder
from aksu_licensing.services.steps import GENERATED, STEPS
from aksu_shared.clock import SOFIA, end_of, legal_day, start_of
from aksu_shared.events.licensing import LicenceState
from aksu_shared.licence_checks import check_licences
from aksu_shared.terms import load_terms

TERMS = load_terms()
DAYS = st.dates(date(2020, 7, 1), date(2035, 1, 1))


def test_every_transition_but_filing_is_a_step() -> None:
    assert STEPS.keys() | {"submit"} == {row.name for row in APPLICATION.transitions}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_takes_all_that_its_transition_needs(name: str) -> None:
    assert BY_NAME[name].missing({*STEPS[name].body.model_fields, *GENERATED}) == ()


def test_a_number_names_the_procedure_the_sequence_and_the_day() -> None:
    assert number_of("ISSUE", 1325, date(2022, 11, 7)) == "Л-3129-1325/07.11.2022"


@given(DAYS)
def test_a_legal_day_begins_and_ends_at_midnight_in_sofia(day: date) -> None:
    assert start_of(day).astimezone(SOFIA).hour == 0
    assert legal_day(start_of(day)) == legal_day(end_of(day) - timedelta(seconds=1)) == day


@given(DAYS, st.integers(-200, 200))
def test_expiring_means_that_the_last_three_months_have_begun(today: date, offset: int) -> None:
    last_day = today + timedelta(days=offset)
    begun = TERMS.window_start("licence.expiring", last_day) <= today
    assert (last_day <= TERMS.window_reaches("licence.expiring", today)) == begun


@settings(deadline=None)  # the first example reads the calendar
@given(issued=DAYS, change=st.integers(1, 1700), renewal=st.integers(-80, 0), today=DAYS)
def test_licences_of_a_row_follow_each_other_without_overlap(
    issued: date, change: int, renewal: int, today: date
) -> None:
    until = TERMS.deadline("licence.validity", issued)
    changed_on, renewed_on = issued + timedelta(days=change), until + timedelta(days=renewal)
    state = row(
        service(provider()),
        licence("3129", 1, issued, until),
        changed=licence("3131", 2, changed_on, until),
        renewed=licence("3130", 3, renewed_on, TERMS.deadline("licence.validity", until)),
    )
    far = date(2050, 1, 1)
    faults = check_licences(state.original, state.changed, state.renewed, terms=TERMS, today=far)
    assume(not faults and changed_on <= renewed_on)
    chain = stated(state, today=today)
    for before, after in pairwise(chain):
        assert (before.ended_on or before.valid_until) + timedelta(days=1) == after.valid_from
    assert [each.state for each in chain[:-1]] == ["REPLACED", "RENEWED"]
    assert chain[-1].state == ("ACTIVE" if chain[-1].valid_until >= today else "EXPIRED")


def _licence(**changes: object) -> LicenceState:
    base = {
        "id": uuid4(), "number": "Л-3129-1/01.03.2023", "sequence": 1, "state": "ACTIVE", "origin": "ISSUED",
        "kind": "ORIGINAL", "service_id": uuid4(), "provider_id": uuid4(), "provider_body": "PROVIDER:130007884",
        "provider_name": "Х", "place_id": uuid4(), "municipality": "BLG03", "issued_on": date(2023, 3, 1),
        "valid_from": date(2023, 3, 1), "valid_until": date(2028, 3, 1),
    }  # fmt: skip
    return LicenceState.model_validate(base | changes)


def test_a_renewal_that_begins_the_day_after_does_not_overlap() -> None:
    one = _licence()
    next_day = one.model_copy(update={"id": uuid4(), "valid_from": date(2028, 3, 2), "valid_until": date(2033, 3, 1)})
    same_day = next_day.model_copy(update={"valid_from": date(2028, 3, 1)})
    assert not overlap(one, next_day)
    assert overlap(one, same_day)
    assert not overlap(one, same_day.model_copy(update={"state": "REPLACED"}))
    assert not overlap(one, same_day.model_copy(update={"place_id": uuid4()}))


def test_days_of_an_order_are_iso_dates_only() -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        GrantOrder.model_validate({"order_number": "1", "decided_on": 20250110})
