"""Rules of a licence without a database."""

from datetime import date, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from aksu_licensing.licences.rules import GRANTS, number_of, overlap
from aksu_licensing.licences.steps import LICENCE_PROCEDURE
from aksu_shared.events.licensing.licences import LicenceState
from aksu_shared.kernel.clock import SOFIA, end_of, legal_day, start_of
from aksu_shared.kernel.terms import load_terms

TERMS = load_terms()
DAYS = st.dates(date(2020, 7, 1), date(2035, 1, 1))


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
    assert not overlap(one, same_day.with_changes({"state": "REPLACED"}))
    assert not overlap(one, same_day.model_copy(update={"place_id": uuid4()}))


def test_what_a_grant_does_to_the_licence_held_is_a_step_of_it() -> None:
    assert {grant.fate for grant in GRANTS.values() if grant.fate} | {"expire"} == {*LICENCE_PROCEDURE.steps}
