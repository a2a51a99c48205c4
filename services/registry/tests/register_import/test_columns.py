"""The columns of the public register, and how a file that is not the register is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from aksu_registry.register_import.columns import COLUMNS, REGISTER
from aksu_registry.register_import.errors import LayoutMismatch, RegisterEmpty, SeveralRegisterSheets
from aksu_shared.workbook import open_sheet

TITLES = [column.title for column in COLUMNS]
Book = Callable[..., bytes]
Cells = Callable[..., list[Any]]


def test_the_register_has_exactly_the_15_published_columns() -> None:
    assert len(TITLES) == 15
    assert [column.letter for column in COLUMNS] == list("ABCDEFGHIJKLMNO")
    assert TITLES[0] == "№"
    assert TITLES[12] == "Подновен лиценз № и дата"


def test_case_spaces_line_breaks_and_dashes_of_the_titles_do_not_matter() -> None:
    REGISTER.match_header([f"  {t.upper().replace(' - ', chr(10) + '–')}  " for t in TITLES] + [None, "", " "])


@pytest.mark.parametrize("left_out", range(15))
def test_each_of_the_columns_is_needed(left_out: int) -> None:
    with pytest.raises(LayoutMismatch) as raised:
        REGISTER.match_header(TITLES[:left_out] + TITLES[left_out + 1 :])
    assert raised.value.code == "register_layout"
    assert raised.value.message("bg").startswith("Заглавният ред не е този на регистъра. Липсват: ")
    (error,) = raised.value.errors
    assert (error.pointer, error.code) == (f"/header/{COLUMNS[left_out].letter}", "register_column")


def test_a_file_without_rows_is_refused_as_an_empty_register(workbook: Book) -> None:
    with pytest.raises(RegisterEmpty, match="register_empty"):
        open_sheet(workbook([]), REGISTER)


def test_a_second_sheet_with_data_is_refused_the_register_is_one_sheet(workbook: Book, cells: Cells) -> None:
    book = workbook([cells()], edit=lambda book, _: book.add_worksheet("Архив").write(0, 0, "още редове"))
    with pytest.raises(SeveralRegisterSheets, match="register_several_sheets"):
        open_sheet(book, REGISTER)


def test_a_providers_cells_merged_downwards_count_for_every_row_and_its_number_for_the_first(
    workbook: Book, cells: Cells
) -> None:
    def merge(_book: Any, sheet: Any) -> None:
        for column, value in enumerate(["1", "Примерна фондация", "121212121", "Пловдив", "гр. Пловдив", "ул. 1"]):
            sheet.merge_range(1, column, 2, column, value)

    first, second = open_sheet(workbook([cells(), cells(number=None)], edit=merge), REGISTER)
    assert first.cells[1:6] == second.cells[1:6]
    assert (first.cells[0], second.cells[0]) == ("1", None)
    assert not first.notes
    assert not second.notes
