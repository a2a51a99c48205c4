"""Checks of the licences that a register row states."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_registry.register_import.licence_checks import check_licences, licence_chain
from aksu_shared.kernel.licence_numbers import parse_number
from aksu_shared.kernel.terms import load_terms
from aksu_shared.kernel.terms.term import add_months

TERMS, TODAY = load_terms(), date(2026, 11, 20)


@dataclass(frozen=True)
class Licence:
    number: str
    issued_on: date
    valid_until: date


def licence(number: str, until: date, issued: date | None = None) -> Licence:
    return Licence(number, issued or parse_number(number).issued_on, until)


ORIGINAL = licence("Л-3129-0500/05.11.2021", date(2026, 11, 5))


def codes(
    original: Licence = ORIGINAL, changed: Licence | None = None, renewed: Licence | None = None
) -> list[tuple[str, str]]:
    return [(e.column, e.code) for e in check_licences(original, changed, renewed, terms=TERMS, today=TODAY)]


def test_a_sound_original_passes() -> None:
    assert codes() == []


def test_a_number_that_cannot_be_read_is_refused() -> None:
    assert codes(Licence("1325", date(2021, 11, 5), date(2026, 11, 5))) == [("original", "licence_number_format")]


def test_each_column_has_its_administrative_service() -> None:
    assert codes(licence("Л-3130-0500/05.11.2021", date(2026, 11, 5))) == [("original", "licence_service_number")]
    assert codes(changed=licence("Л-3130-0600/05.12.2022", date(2026, 11, 5))) == [
        ("changed", "licence_service_number")
    ]
    assert codes(renewed=licence("Л-3131-0900/05.10.2026", date(2031, 11, 5))) == [
        ("renewed", "licence_service_number")
    ]


def test_the_date_in_the_number_is_the_day_of_issue() -> None:
    wrong = licence("Л-3129-0500/05.11.2021", date(2026, 11, 5), issued=date(2021, 11, 6))
    assert codes(wrong) == [("original", "licence_date_mismatch")]


@pytest.mark.parametrize(("days", "faults"), [(0, []), (7, []), (-7, []), (8, 1), (-8, 1), (365, 1), (-365, 1)])
def test_an_original_is_valid_for_about_five_years(days: int, faults: object) -> None:
    until = date(2026, 11, 5) + timedelta(days=days)
    assert codes(licence(ORIGINAL.number, until)) == ([("original_until", "licence_validity")] if faults else [])


def test_impossible_days_are_refused() -> None:
    assert codes(licence("Л-3129-0500/21.11.2026", date(2031, 11, 21))) == [("original", "licence_date_in_future")]
    assert codes(licence("Л-3129-0500/20.11.2026", date(2031, 11, 20))) == []
    assert codes(licence("Л-3129-0500/30.06.2020", date(2025, 6, 30))) == [("original", "licence_date_before_act")]
    assert codes(licence("Л-3129-0500/01.07.2020", date(2025, 7, 1))) == []
    assert codes(licence(ORIGINAL.number, date(2021, 11, 5))) == [("original_until", "licence_ends_before_issue")]


def test_a_change_keeps_the_validity_or_begins_it_anew() -> None:
    assert codes(changed=licence("Л-3131-0700/10.05.2023", date(2026, 11, 5))) == []
    assert codes(changed=licence("Л-3131-0700/10.05.2023", date(2028, 5, 10))) == []
    assert codes(changed=licence("Л-3131-0700/10.05.2023", date(2030, 5, 10))) == [
        ("changed_until", "licence_validity")
    ]


def test_a_change_rests_on_a_licence_that_is_older_and_still_valid() -> None:
    assert codes(changed=licence("Л-3131-0700/01.11.2021", date(2026, 11, 5))) == [
        ("changed", "licence_before_original")
    ]
    assert codes(changed=licence("Л-3131-0700/10.11.2026", date(2026, 11, 5), issued=date(2026, 11, 10))) == [
        ("changed_until", "licence_ends_before_issue")
    ]
    assert codes(changed=licence("Л-3131-0700/10.11.2026", date(2031, 11, 10))) == [
        ("changed", "change_after_validity")
    ]


@pytest.mark.parametrize(
    ("issued", "code"),
    [
        (date(2026, 4, 3), "renewal_too_early"),
        (date(2026, 4, 5), None),
        (date(2026, 7, 5), None),
        (date(2026, 9, 8), None),  # two months end on Saturday 05.09, Monday 07.09 is a holiday
        (date(2026, 9, 9), "renewal_too_late"),
    ],
)
def test_renewal_is_admissible_in_the_last_three_months_and_decided_in_its_term(issued: date, code: str | None) -> None:
    original = licence("Л-3129-500/05.07.2021", date(2026, 7, 5))
    renewed = licence(f"Л-3130-900/{issued:%d.%m.%Y}", date(2031, 7, 5))
    assert codes(original, renewed=renewed) == ([("renewed", code)] if code else [])


def test_a_renewal_takes_over_from_the_end_of_its_predecessor() -> None:
    assert codes(renewed=licence("Л-3130-0900/10.08.2026", date(2031, 11, 5))) == []
    assert codes(renewed=licence("Л-3130-0900/10.08.2026", date(2031, 8, 10))) == []
    assert codes(renewed=licence("Л-3130-0900/10.08.2026", date(2032, 8, 10))) == [
        ("renewed_until", "licence_validity")
    ]
    assert codes(renewed=licence("Л-3130-0900/10.08.2026", date(2028, 8, 10))) == [
        ("renewed_until", "licence_validity")
    ]


def test_the_chain_follows_the_days_not_the_columns() -> None:
    changed_first = licence("Л-3131-0700/10.05.2023", date(2026, 11, 5))
    renewed = licence("Л-3130-0900/10.08.2026", date(2031, 11, 5))
    changed_last = licence("Л-3131-0950/10.10.2026", date(2031, 11, 5))
    assert [link.column for link in licence_chain(ORIGINAL, changed_first, renewed)] == [
        "original",
        "changed",
        "renewed",
    ]
    assert [link.column for link in licence_chain(ORIGINAL, changed_last, renewed)] == [
        "original",
        "renewed",
        "changed",
    ]
    assert codes(ORIGINAL, changed_first, renewed) == codes(ORIGINAL, changed_last, renewed) == []


def test_what_rests_on_a_wrong_licence_is_not_judged() -> None:
    endless = licence(ORIGINAL.number, date(9999, 12, 31))
    assert codes(endless, renewed=licence("Л-3130-0900/10.08.2026", date(2031, 11, 5))) == [
        ("original_until", "licence_validity")
    ]


DAYS = st.dates(date(2020, 7, 1), TODAY)


@given(issued=DAYS, change=st.integers(0, 2000), sequence=st.integers(1, 5000))
def test_whatever_a_sound_chain_looks_like_it_passes(issued: date, change: int, sequence: int) -> None:
    until = add_months(issued, 60)
    changed_on = issued + timedelta(days=change)
    original = licence(f"Л-3129-{sequence}/{issued:%d.%m.%Y}", until)
    changed = licence(f"Л-3131-{sequence + 1}/{changed_on:%d.%m.%Y}", until)
    if changed_on < until and changed_on <= TODAY:
        assert codes(original, changed) == []


ANY = st.builds(
    Licence,
    st.one_of(st.text(), st.builds(lambda n, d: f"Л-{n}-1/{d:%d.%m.%Y}", st.sampled_from([3129, 3130]), st.dates())),
    st.dates(),
    st.dates(),
)


@given(ANY, st.none() | ANY, st.none() | ANY)
def test_any_claim_is_judged_without_failing(
    original: Licence, changed: Licence | None, renewed: Licence | None
) -> None:
    for column, _ in codes(original, changed, renewed):
        assert column.removesuffix("_until") in {"original", "changed", "renewed"}
