"""What a register row states of its licences."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from licensing_rig import licence, provider, row, service

from aksu_licensing.register_takeover.rules import stated
from aksu_shared.kernel.terms import load_terms
from aksu_shared.licence_checks import check_licences

TERMS = load_terms()
DAYS = st.dates(date(2020, 7, 1), date(2035, 1, 1))


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
