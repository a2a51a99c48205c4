"""Reading a whole register: what rows mean for each other."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest

from aksu_registry.register_import.file import ReadRow, carried, read_register, read_rows
from aksu_shared.kernel.terms import load_terms
from aksu_shared.kernel.territory import load
from aksu_shared.workbook import RawRow

TERRITORY, TERMS, TODAY = load(), load_terms(), date(2026, 11, 20)
Raw = Callable[..., RawRow]
OTHER = {"original": "Л-3129-1400/05.12.2022 г.", "original_until": "05.12.2027 г."}


def verdicts(rows: Sequence[RawRow]) -> list[list[tuple[str, str]]]:
    return [
        [(e.column, e.code) for e in read.errors]
        for read in read_rows(rows, territory=TERRITORY, terms=TERMS, today=TODAY)
    ]


def test_a_file_is_read_row_by_row_with_its_total_known(
    workbook: Callable[..., bytes], cells: Callable[..., list[Any]]
) -> None:
    file = read_register(
        workbook([cells(), cells(number=2, eik="няма")]), territory=TERRITORY, terms=TERMS, today=TODAY
    )
    assert file.total == 2
    first, second = file
    assert isinstance(first, ReadRow)
    assert (first.number, first.errors) == (2, ())
    assert first.row is not None
    assert (second.number, second.row) == (3, None)
    assert second.raw.cells[2] == "няма"


def test_a_row_without_number_takes_the_provider_above(raw: Raw) -> None:
    below = raw(number=None, provider=None, eik=None, seat=None, municipality="Асеновград", settlement="гр. Асеновград")
    _, second = carried([raw(), below])
    assert second.cells[1:6] == (
        "Примерна фондация „Надежда“",
        "121212121",
        "Асеновград",
        "гр. Асеновград",
        "гр. Пловдив, ул. „Примерна“ № 5",
    )
    assert second.cells[0] is None


def test_an_empty_place_is_the_place_of_the_row_above(raw: Raw) -> None:
    nothing = dict.fromkeys(["number", "provider", "eik", "seat", "municipality", "settlement"])
    moved = raw(**{**nothing, "municipality": "Асеновград", "settlement": "гр. Асеновград"})
    *_, third = carried([raw(), moved, raw(**nothing)])
    assert third.cells[3:5] == ("Асеновград", "гр. Асеновград")


def test_a_municipality_without_settlement_does_not_borrow_the_settlement_above(raw: Raw) -> None:
    below = raw(number=None, provider=None, eik=None, seat=None, municipality="Асеновград", settlement=None, **OTHER)
    assert verdicts([raw(), below]) == [[], [("settlement", "required")]]


def test_a_row_with_a_number_takes_nothing_over(raw: Raw) -> None:
    assert verdicts([raw(), raw(number=2, seat=None, **OTHER)]) == [[], [("seat", "required")]]


def test_a_row_with_another_provider_takes_nothing_over(raw: Raw) -> None:
    other = raw(number=None, provider=None, eik="000696327", **OTHER)
    assert verdicts([raw(), other]) == [[], [("provider", "required")]]


def test_a_first_row_without_provider_is_refused(raw: Raw) -> None:
    first = raw(number=None, provider=None, eik=None)
    assert verdicts([first]) == [[("provider", "required"), ("eik", "required")]]


def test_a_wrong_provider_refuses_its_further_rows_too_and_no_others(raw: Raw) -> None:
    below = raw(number=None, provider=None, eik=None, seat=None, **OTHER)
    after = raw(number=2, eik="000696327", **OTHER)
    wrong = [("eik", "eik_invalid")]
    assert verdicts([raw(eik="121212122"), below, after]) == [wrong, wrong, []]


def test_a_repeated_row_is_refused_and_names_the_first(raw: Raw) -> None:
    (_, second) = read_rows([raw(at=4), raw(at=9)], territory=TERRITORY, terms=TERMS, today=TODAY)
    (error,) = second.errors
    assert (error.column, error.code) == ("original", "duplicate_row")
    assert "4" in error.bg


def test_one_licence_cannot_cover_two_services(raw: Raw) -> None:
    assert verdicts([raw(), raw(service="Общностна работа")]) == [[], [("original", "licence_number_repeated")]]


def test_a_repeated_renewal_number_is_found_in_its_own_column(raw: Raw) -> None:
    renewal = {"renewed": "Л-3130-2000/05.10.2026", "renewed_until": "07.11.2031"}
    old = {"original": "Л-3129-0500/05.11.2021 г.", "original_until": "07.11.2026 г."}
    again = {"original": "Л-3129-0501/05.11.2021 г.", "original_until": "07.11.2026 г."}
    rows = [raw(**old, **renewal), raw(service="Общностна работа", **again, **renewal)]
    assert verdicts(rows) == [[], [("renewed", "licence_number_repeated")]]


def test_two_live_licences_of_one_service_are_refused(raw: Raw) -> None:
    assert verdicts([raw(), raw(**OTHER)]) == [[], [("service", "duplicate_service")]]


def test_a_licence_after_the_first_one_has_ended_is_no_duplicate(raw: Raw) -> None:
    ended = raw(original="Л-3129-0100/05.07.2021 г.", original_until="05.07.2026 г.")
    anew = raw(original="Л-3129-1900/05.10.2026 г.", original_until="05.10.2031 г.")
    assert verdicts([ended, anew]) == [[], []]


def test_one_number_with_two_names_is_refused(raw: Raw) -> None:
    assert verdicts([raw(), raw(number=2, provider="Примерно сдружение „Друго“", **OTHER)]) == [
        [],
        [("provider", "provider_name_conflict")],
    ]
    assert verdicts([raw(), raw(number=2, provider='ПРИМЕРНА ФОНДАЦИЯ "Надежда"', service="Шах", **OTHER)]) == [[], []]


def test_a_refused_row_does_not_stand_in_the_way_of_a_later_one(raw: Raw) -> None:
    assert verdicts([raw(settlement=None), raw()]) == [[("settlement", "required")], []]


def test_a_municipality_does_not_belong_in_the_register_but_its_legal_entity_does(raw: Raw) -> None:
    assert verdicts([raw(provider="Община Пловдив")]) == [[("provider", "licence_not_required")]]
    assert verdicts([raw(provider="Общинско предприятие „Примерни услуги“")]) == [[]]


def test_the_faults_of_a_licence_name_their_legal_basis(raw: Raw) -> None:
    (read,) = read_rows([raw(original_until="07.11.2030")], territory=TERRITORY, terms=TERMS, today=TODAY)
    assert [(e.column, e.code, e.legal_basis) for e in read.errors] == [
        ("original_until", "licence_validity", "чл. 146–160 ЗСУ")
    ]


@pytest.mark.parametrize("rows", [1, 3, 50])
def test_reading_twice_gives_the_same(raw: Raw, rows: int) -> None:
    made = [
        raw(at=n, number=n, original=f"Л-3129-{n:04}/07.11.2022", service=f"Услуга {n}") for n in range(2, rows + 2)
    ]
    assert verdicts(made) == verdicts(made) == [[]] * rows
