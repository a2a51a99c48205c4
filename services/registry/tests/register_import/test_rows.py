"""Reading one row of the register."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aksu_registry.register_import.columns import COLUMNS, REGISTER
from aksu_registry.register_import.rows import RegisterRow, RowLicence, parse_row
from aksu_shared.kernel.territory import load
from aksu_shared.workbook import CellError, RawRow

TERRITORY = load()
Raw = Callable[..., RawRow]


def read(row: RawRow) -> RegisterRow:
    parsed = parse_row(row, territory=TERRITORY)
    assert isinstance(parsed, RegisterRow), parsed
    return parsed


def refused(row: RawRow) -> list[tuple[str, str]]:
    parsed = parse_row(row, territory=TERRITORY)
    assert not isinstance(parsed, RegisterRow)
    return [(error.column, error.code) for error in parsed]


def test_a_sound_row_is_read_whole(raw: Raw) -> None:
    row = read(raw(at=7, violations="Дадено  предписание\n от 01.02.2026 г."))
    assert row.number == 7
    assert row.provider.body == "PROVIDER:121212121"
    assert (row.provider.name, row.provider.legal_form) == ("Примерна фондация „Надежда“", "NGO")
    assert (row.place.municipality, row.place.settlement) == ("PDV22", "гр. Пловдив")
    assert row.place.address == "ул. „Примерна“ № 5"
    assert (row.kind, row.activity_groups) == ("DAY_CARE", ("DAY_CARE",))
    assert row.target_groups == ("CHILDREN_DISABILITIES",)
    assert row.original == RowLicence(
        number="Л-3129-1325/07.11.2022", issued_on=date(2022, 11, 7), valid_until=date(2027, 11, 7)
    )
    assert (row.changed, row.renewed) == (None, None)
    assert row.violations == "Дадено предписание от 01.02.2026 г."
    assert row.row_key == "Л-3129-1325/07.11.2022"


@pytest.mark.parametrize(
    "until",
    [
        "07.11.2027 г.",
        "07.11.2027г.",
        "7.11.2027",
        " 07.11.2027  год. ",
        date(2027, 11, 7),
        datetime(2027, 11, 7),  # noqa: DTZ001 - as a sheet holds it
    ],
)
def test_a_day_may_be_a_date_or_a_text(raw: Raw, until: object) -> None:
    value = until.strip() if isinstance(until, str) else until
    assert read(raw(original_until=value)).original.valid_until == date(2027, 11, 7)


@pytest.mark.parametrize(
    ("until", "code"),
    [
        ("31.02.2027 г.", "date_impossible"),
        ("00.01.2027", "date_impossible"),
        ("07.11.0027 г.", "date_impossible"),
        (date(1900, 1, 1), "date_impossible"),
        ("безсрочен", "date_unreadable"),
        ("2027-11-07", "date_unreadable"),
        ("07.11.27", "date_unreadable"),
        (46698, "date_unreadable"),
        (46698.5, "date_unreadable"),
        (True, "date_unreadable"),
        (time(12), "date_unreadable"),
        (timedelta(days=1), "date_unreadable"),
        (datetime(2027, 11, 7, 12, 30), "date_unreadable"),  # noqa: DTZ001 - as a sheet holds it
        (None, "required"),
    ],
)
def test_what_is_no_day_is_refused_with_its_reason(raw: Raw, until: object, code: str) -> None:
    assert refused(raw(original_until=until)) == [("original_until", code)]


@pytest.mark.parametrize("eik", ["121212121", " 121 212 121 ", 121212121])
def test_a_number_is_read_as_text_or_number(raw: Raw, eik: object) -> None:
    assert read(raw(eik=eik)).provider.eik == "121212121"


def test_leading_zeros_that_excel_dropped_are_put_back(raw: Raw) -> None:
    assert read(raw(eik=696327)).provider.eik == "000696327"


@pytest.mark.parametrize("eik", ["121212122", "BG121212121", "12121212", 121212122, -121212121, 1.5, True])
def test_a_wrong_number_is_refused(raw: Raw, eik: object) -> None:
    assert refused(raw(eik=eik)) in ([("eik", "eik_invalid")], [("eik", "text_expected")])


@pytest.mark.parametrize(
    "column", ["provider", "eik", "municipality", "settlement", "seat", "service", "target_groups"]
)
def test_what_identifies_a_service_may_not_be_empty(raw: Raw, column: str) -> None:
    assert refused(raw(**{column: None})) == [(column, "required")]


def test_all_wrong_cells_of_a_row_are_reported_at_once(raw: Raw) -> None:
    wrong = raw(eik="няма", municipality="Измислена", original="3129", original_until="утре")
    assert refused(wrong) == [
        ("eik", "eik_invalid"),
        ("municipality", "unknown_municipality"),
        ("original", "licence_number_format"),
        ("original_until", "date_unreadable"),
    ]


def test_an_ambiguous_municipality_is_refused_and_its_candidates_are_named(raw: Raw) -> None:
    parsed = parse_row(raw(municipality="Бяла"), territory=TERRITORY)
    assert isinstance(parsed, list)
    (error,) = parsed
    assert error.code == "ambiguous_municipality"
    assert "Русе" in error.bg
    assert error.at(9, REGISTER).bg.startswith("Ред 9, колона D: ")
    assert error.at(9, REGISTER).pointer == "/rows/9/municipality"


@pytest.mark.parametrize("half", [{"changed": "Л-3131-0500/01.02.2024"}, {"changed_until": "07.11.2027"}])
def test_a_changed_licence_needs_both_its_columns(raw: Raw, half: dict[str, str]) -> None:
    (given,) = half
    other = "changed_until" if given == "changed" else "changed"
    assert refused(raw(**half)) == [(other, "required")]


def test_changed_and_renewed_licences_are_read(raw: Raw) -> None:
    row = read(
        raw(
            changed="Л–3131–0500 / 01.02.2024 г.",
            changed_until="07.11.2027 г.",
            renewed="Л-3130-0900/01.10.2027",
            renewed_until="07.11.2032",
        )
    )
    assert row.changed is not None
    assert row.changed.number == "Л-3131-0500/01.02.2024"
    assert row.renewed is not None
    assert row.renewed.valid_until == date(2032, 11, 7)


@pytest.mark.parametrize("note", ["formula_without_value", "error_value", "merged_cells", "data_outside"])
def test_a_cell_that_could_not_be_taken_as_it_stands_refuses_the_row_once(raw: Raw, note: str) -> None:
    assert refused(raw(settlement=None, notes={"settlement": note})) == [("settlement", note)]


def test_an_endless_text_is_refused(raw: Raw) -> None:
    assert refused(raw(provider="я" * 501)) == [("provider", "text_too_long")]


def test_an_unknown_wording_is_kept_and_not_refused(raw: Raw) -> None:
    row = read(raw(service="Арт ателие", target_groups="Всички приятели"))
    assert (row.kind, row.target_groups) == ("OTHER", ("OTHER",))
    assert (row.service, row.target_text, row.activity_groups) == ("Арт ателие", "Всички приятели", ())


def test_a_service_in_the_settlement_of_the_seat_is_taken_to_be_at_the_seat(raw: Raw) -> None:
    one, two = read(raw(eik="121212121")), read(raw(eik="000696327", seat="град Пловдив 4000, УЛ. Примерна №5"))
    assert one.place.address == "ул. „Примерна“ № 5"
    assert one.place_key == two.place_key


def test_elsewhere_the_address_is_unknown_and_the_place_is_the_providers_own(raw: Raw) -> None:
    elsewhere = {"municipality": "Асеновград", "settlement": "гр. Асеновград"}
    one, two = read(raw(**elsewhere)), read(raw(eik="000696327", **elsewhere))
    assert one.place.address == two.place.address == ""
    assert one.place_key != two.place_key
    assert one.place_key == read(raw(service="Общностна работа", **elsewhere)).place_key


def test_spelling_makes_no_new_service_but_another_target_group_does(raw: Raw) -> None:
    one = read(raw())
    same = read(raw(service="ДНЕВНА  ГРИЖА  за деца с увреждания", municipality="община Пловдив", settlement="Пловдив"))
    assert one.service_key == same.service_key
    assert one.service_key != read(raw(target_groups="Възрастни хора")).service_key
    assert one.service_key != read(raw(service="Резидентна грижа")).service_key
    assert read(raw(service="Арт ателие")).service_key != read(raw(service="Музикално ателие")).service_key


ANY_CELL = st.one_of(
    st.none(),
    st.text(min_size=1).map(str.strip).filter(bool),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.sampled_from(["Л-3129-1325/07.11.2022", "07.11.2027 г.", "121212121", "Бяла", "Пловдив"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)  # the first reads the lists
@given(values=st.lists(ANY_CELL, min_size=15, max_size=15), changed=st.sets(st.sampled_from(range(15))))
def test_any_row_is_read_or_refused_with_reasons(raw: Raw, values: list[Any], changed: set[int]) -> None:
    cells = [values[index] if index in changed else cell for index, cell in enumerate(raw().cells)]
    parsed = parse_row(RawRow(number=2, cells=tuple(cells)), territory=TERRITORY)
    if not isinstance(parsed, RegisterRow):
        assert parsed
        columns = [column.key for column in COLUMNS]
        for error in parsed:
            assert isinstance(error, CellError)
            assert columns.index(error.column) in {i + d for i in changed for d in (-1, 0, 1)}
            assert error.bg
            assert error.en
