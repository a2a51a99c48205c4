"""The header of a sheet, held against its layout."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_shared.kernel.errors import FieldError
from aksu_shared.workbook import CellError, Layout, lettered
from aksu_shared.workbook.layout import HeaderMismatch

LAYOUT = Layout(
    columns=lettered(
        ("number", "№"),
        ("owner", "Доставчик"),
        ("code", "ЕИК"),
        ("municipality", "Община"),
        ("groups", "Целева група"),
        ("until", "Лиценз - дата на валидност"),
    )
)
TITLES = [column.title for column in LAYOUT.columns]


class OtherHeader(HeaderMismatch):
    code = "other_header"
    column_code = "other_column"


def test_columns_are_lettered_as_in_a_sheet() -> None:
    columns = lettered(*((f"key{n}", f"Колона {n}") for n in range(53)))
    assert [column.letter for column in columns[:2]] == ["A", "B"]
    assert [column.letter for column in columns[25:28]] == ["Z", "AA", "AB"]
    assert columns[52].letter == "BA"


def test_case_spaces_line_breaks_and_dashes_do_not_matter() -> None:
    LAYOUT.match_header([f"  {t.upper().replace(' - ', chr(10) + '–')}  " for t in TITLES] + [None, "", " "])


def test_missing_columns_are_named_and_the_others_are_not_called_misplaced() -> None:
    with pytest.raises(HeaderMismatch) as raised:
        LAYOUT.match_header([title for title in TITLES if title not in {"ЕИК", "Целева група"}])
    assert raised.value.params == {"missing": "„ЕИК“, „Целева група“", "misplaced": "—", "superfluous": "—"}
    assert [error.pointer for error in raised.value.errors] == ["/header/C", "/header/E"]
    assert "Липсват: „ЕИК“, „Целева група“" in raised.value.message("bg")


def test_misplaced_columns_are_named() -> None:
    swapped = [*TITLES]
    swapped[2], swapped[3] = swapped[3], swapped[2]
    with pytest.raises(HeaderMismatch) as raised:
        LAYOUT.match_header(swapped)
    assert raised.value.params["misplaced"] == "„Община“, „ЕИК“"
    assert raised.value.params["missing"] == "—"


@pytest.mark.parametrize(
    ("header", "superfluous"),
    [
        ([*TITLES, "Бележки"], "„Бележки“"),
        ([*TITLES[:3], "", *TITLES[3:]], "„(празна колона)“"),
        ([*TITLES, "ЕИК"], "„ЕИК (повторена)“"),
    ],
)
def test_superfluous_columns_are_named(header: list[str], superfluous: str) -> None:
    with pytest.raises(HeaderMismatch) as raised:
        LAYOUT.match_header(header)
    assert raised.value.params["superfluous"] == superfluous


@given(st.randoms(use_true_random=False))
def test_no_other_order_passes(rng: random.Random) -> None:
    shuffled = [*TITLES]
    rng.shuffle(shuffled)
    if shuffled == TITLES:
        LAYOUT.match_header(shuffled)
    else:
        with pytest.raises(HeaderMismatch):
            LAYOUT.match_header(shuffled)


@given(st.lists(st.one_of(st.none(), st.text(), st.integers(), st.sampled_from(TITLES)), max_size=5))
def test_any_first_row_is_either_the_header_or_refused_with_a_sentence(cells: list[object]) -> None:
    with pytest.raises(HeaderMismatch) as raised:
        LAYOUT.match_header(cells)
    assert raised.value.message("bg").startswith("Заглавният ред")


def test_a_layout_refuses_by_its_own_problem() -> None:
    with pytest.raises(OtherHeader) as raised:
        Layout(columns=LAYOUT.columns, mismatch=OtherHeader).match_header(TITLES[1:])
    assert (raised.value.code, [error.code for error in raised.value.errors]) == ("other_header", ["other_column"])


def test_the_error_of_a_cell_says_where_the_cell_stands() -> None:
    error = CellError(column="until", code="required", bg="Клетката е празна.", en="The cell is empty.")
    assert error.at(7, LAYOUT) == FieldError(
        pointer="/rows/7/until",
        code="required",
        bg="Ред 7, колона F: Клетката е празна.",
        en="Row 7, column F: The cell is empty.",
    )
