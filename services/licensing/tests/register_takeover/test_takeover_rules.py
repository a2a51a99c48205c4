"""What a register row states of its licences."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from licensing_rig import licence, provider, row, service

from aksu_licensing.register_takeover.rules import stated
from aksu_shared.kernel.terms import load_terms

TERMS = load_terms()
DAYS = st.dates(date(2020, 7, 1), date(2035, 1, 1))


@settings(deadline=None)  # the first example reads the calendar
@given(issued=DAYS, change=st.integers(1, 1700), renewal=st.integers(-80, 0), today=DAYS)
def test_licences_of_a_row_follow_each_other_without_overlap(
    issued: date, change: int, renewal: int, today: date
) -> None:
    until = TERMS.deadline("licence.validity", issued)
    changed_on, renewed_on = issued + timedelta(days=change), until + timedelta(days=renewal)
    original = licence("3129", 1, issued, until)
    changed = licence("3131", 2, changed_on, until, replaces=original)
    renewed = licence("3130", 3, renewed_on, TERMS.deadline("licence.validity", until), replaces=changed)
    chain = stated(row(service(provider()), original, changed=changed, renewed=renewed), today=today)
    for before, after in pairwise(chain):
        assert (before.ended_on or before.valid_until) + timedelta(days=1) == after.valid_from
    assert [each.state for each in chain[:-1]] == ["REPLACED", "RENEWED"]
    assert chain[-1].state == ("ACTIVE" if chain[-1].valid_until >= today else "EXPIRED")


def test_which_licence_replaced_which_is_taken_as_the_registry_tells_it() -> None:
    original = licence("3129", 1, date(2021, 11, 5), date(2026, 11, 5))
    renewed = licence("3130", 3, date(2026, 8, 10), date(2031, 11, 5), replaces=original)
    changed = licence("3131", 2, date(2026, 8, 10), date(2031, 11, 5), replaces=renewed)
    chain = stated(row(service(provider()), original, changed=changed, renewed=renewed), today=date(2026, 9, 1))
    assert [(each.kind, each.sequence) for each in chain] == [("ORIGINAL", 1), ("RENEWED", 3), ("CHANGED", 2)]
