"""The set of legal terms."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.terms import Term, Terms, Unit, UnknownTerm, load_terms


def row(*, length: int, valid_from: date = date.min, valid_to: date | None = None) -> Term:
    return Term(
        key="licensing.decision",
        unit=Unit.MONTH,
        length=length,
        legal_basis="чл. 151, ал. 1 ЗСУ",
        text=Text("решение", "decision"),
        valid_from=valid_from,
        valid_to=valid_to,
    )


@pytest.mark.parametrize(
    ("key", "start", "end"),
    [
        ("licensing.decision", date(2025, 1, 10), date(2025, 3, 10)),
        ("licensing.communication", date(2025, 3, 10), date(2025, 3, 13)),
        ("licensing.renewal_decision", date(2025, 3, 10), date(2025, 3, 24)),
        ("licensing.change_notice", date(2025, 3, 10), date(2025, 3, 24)),
        ("licence.validity", date(2022, 11, 7), date(2027, 11, 7)),
        ("signal.forwarding", date(2025, 3, 10), date(2025, 3, 17)),
        ("signal.decision", date(2025, 3, 10), date(2025, 5, 12)),
    ],
)
def test_packaged_terms_give_the_days_the_law_gives(key: str, start: date, end: date) -> None:
    assert load_terms().deadline(key, start) == end


@pytest.mark.parametrize(
    ("unit", "given", "start", "end"),
    [
        (Unit.DAY, {"length": 30}, date(2025, 3, 10), date(2025, 4, 9)),
        (Unit.DATE, {"on": "2035-12-31", "roll": False}, date(2025, 3, 10), date(2035, 12, 31)),
        (Unit.DATE, {"on": "03-31"}, date(2025, 12, 31), date(2026, 3, 31)),
        (Unit.DATE, {"on": "04-30"}, date(2025, 12, 31), date(2026, 4, 30)),
        (Unit.DATE, {"on": "06-30"}, date(2025, 12, 31), date(2026, 6, 30)),
        (Unit.MONTH, {"length": 2, "roll": False}, date(2025, 1, 1), date(2025, 3, 1)),
    ],
)
def test_terms_of_each_unit_end_where_the_law_says(unit: Unit, given: dict[str, Any], start: date, end: date) -> None:
    term = Term(key="a.term", unit=unit, legal_basis="чл. 1", text=Text("срок", "term"), **given)
    assert Terms([term]).deadline("a.term", start) == end


def test_every_packaged_term_has_a_legal_basis_and_words_in_both_languages() -> None:
    rows = list(load_terms())
    assert len(rows) >= 15
    assert all(term.legal_basis and term.text.bg and term.text.en for term in rows)


def test_a_change_reported_on_day_15_is_late() -> None:
    changed, reported = date(2025, 3, 10), date(2025, 3, 25)
    assert reported > load_terms().deadline("licensing.change_notice", changed)


def test_the_row_in_force_on_the_day_of_the_event_counts() -> None:
    terms = Terms([row(length=2, valid_to=date(2026, 6, 30)), row(length=3, valid_from=date(2026, 7, 1))])
    assert terms.deadline("licensing.decision", date(2026, 6, 30)) == date(2026, 8, 31)
    assert terms.deadline("licensing.decision", date(2026, 7, 1)) == date(2026, 10, 1)


def test_rows_of_one_term_may_not_overlap() -> None:
    with pytest.raises(ValueError, match="overlap"):
        Terms([row(length=2), row(length=3, valid_from=date(2026, 7, 1))])


def test_a_term_that_is_not_in_force_is_unknown() -> None:
    terms = Terms([row(length=2, valid_from=date(2026, 7, 1))])
    with pytest.raises(UnknownTerm, match="2026-06-30"):
        terms.get("licensing.decision", on=date(2026, 6, 30))
    with pytest.raises(UnknownTerm, match="no such"):
        terms.get("no such", on=date(2026, 7, 1))


def test_an_installation_replaces_the_terms_it_names_and_keeps_the_others(tmp_path: Path) -> None:
    own = tmp_path / "terms.toml"
    own.write_text(
        """
        [[term]]
        key = "licensing.decision"
        unit = "month"
        length = 3
        legal_basis = "чл. 151, ал. 1 ЗСУ (изм.)"
        bg = "Решение"
        en = "Decision"
        """,
        encoding="utf-8",
    )
    terms = load_terms(own)
    assert terms.deadline("licensing.decision", date(2025, 1, 10)) == date(2025, 4, 10)
    assert terms.deadline("licensing.communication", date(2025, 3, 10)) == date(2025, 3, 13)


def test_a_wrong_row_is_named(tmp_path: Path) -> None:
    own = tmp_path / "terms.toml"
    own.write_text('[[term]]\nkey = "licensing.decision"\nunit = "fortnight"\nbg = "а"\nen = "a"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"licensing\.decision.*fortnight"):
        load_terms(own)
