"""Reading the register's sheet."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from aksu_shared.register import LayoutMismatch, open_register
from aksu_shared.register.archive import SeveralSheets
from aksu_shared.register.workbook import RegisterEmpty

Cells = Callable[..., list[Any]]
Book = Callable[..., bytes]


def test_rows_carry_their_number_in_the_sheet_and_typed_values(workbook: Book, cells: Cells) -> None:
    rows = [cells(number=1), cells(number=2, eik=121212121, original_until=date(2027, 11, 7), violations="  ")]
    sheet = open_register(workbook(rows))
    assert sheet.total == 2
    first, second = sheet
    assert (first.number, second.number) == (2, 3)
    assert first.cells[9] == "07.11.2027 г."
    assert second.cells[2] == 121212121
    assert second.cells[9] == date(2027, 11, 7)
    assert second.cells[14] is None


def test_a_path_reads_like_bytes(workbook: Book, cells: Cells, tmp_path: Path) -> None:
    file = tmp_path / "регистър.xlsx"
    file.write_bytes(workbook([cells()]))
    assert list(open_register(file)) == list(open_register(file.read_bytes()))


def test_empty_rows_are_left_out_and_the_others_keep_their_numbers(workbook: Book, cells: Cells) -> None:
    sheet = open_register(workbook([cells(), [], [" "], cells(number=2)]))
    assert [row.number for row in sheet] == [2, 5]


def test_the_header_may_stand_below_empty_rows(workbook: Book, cells: Cells) -> None:
    def move_down(_book: Any, sheet: Any) -> None:
        sheet.write_row(3, 0, titles())
        sheet.write_row(4, 0, cells())

    sheet = open_register(workbook([], header=(), edit=move_down))
    assert [row.number for row in sheet] == [5]


def titles() -> list[str]:
    from aksu_shared.register import COLUMNS  # noqa: PLC0415

    return [column.title for column in COLUMNS]


def test_a_wrong_header_is_refused_before_any_row_is_read(workbook: Book, cells: Cells) -> None:
    with pytest.raises(LayoutMismatch):
        open_register(workbook([cells()], header=titles()[:-1]))


def test_a_register_without_rows_is_refused(workbook: Book) -> None:
    with pytest.raises(RegisterEmpty):
        open_register(workbook([]))
    with pytest.raises(RegisterEmpty):
        open_register(workbook([], header=()))


def test_data_in_a_second_visible_sheet_is_refused_not_ignored(workbook: Book, cells: Cells) -> None:
    with pytest.raises(SeveralSheets, match="Архив"):
        open_register(workbook([cells()], edit=lambda book, _: book.add_worksheet("Архив").write(0, 0, "още редове")))


def test_empty_and_hidden_sheets_do_not_matter(workbook: Book, cells: Cells) -> None:
    def add(book: Any, _sheet: Any) -> None:
        book.add_worksheet("Лист2")
        hidden = book.add_worksheet("Списъци")
        hidden.write(0, 0, "NGO")
        hidden.hide()

    assert open_register(workbook([cells()], edit=add)).total == 1


def test_provider_cells_merged_downwards_count_for_every_row(workbook: Book, cells: Cells) -> None:
    def merge(_book: Any, sheet: Any) -> None:
        sheet.merge_range(1, 1, 2, 1, "Примерна фондация")
        sheet.merge_range(1, 0, 2, 0, "1")

    first, second = open_register(workbook([cells(), cells(provider=None, number=None)], edit=merge))
    assert first.cells[1] == second.cells[1] == "Примерна фондация"
    assert second.cells[0] is None
    assert not first.notes
    assert not second.notes


@pytest.mark.parametrize(
    ("area", "noted"),
    [
        ((1, 9, 2, 9), {"original_until"}),
        ((1, 6, 1, 7), {"service", "target_groups"}),
        ((1, 1, 2, 2), {"provider", "eik"}),
    ],
)
def test_other_merged_cells_are_noted_on_every_row_they_touch(
    workbook: Book, cells: Cells, area: tuple[int, int, int, int], noted: set[str]
) -> None:
    rows = list(
        open_register(workbook([cells(), cells()], edit=lambda _, sheet: sheet.merge_range(*area, "обединено")))
    )
    touched = rows[: area[2] - area[0] + 1]
    assert all(set(row.notes) == noted and set(row.notes.values()) == {"merged_cells"} for row in touched)
    assert not any(row.notes for row in rows[len(touched) :])


def test_merged_cells_without_a_value_are_mere_decoration(workbook: Book, cells: Cells) -> None:
    (row,) = open_register(workbook([cells()], edit=lambda _, sheet: sheet.merge_range(1, 10, 1, 13, "")))
    assert not row.notes


def test_a_formula_counts_with_its_computed_value_and_is_noted_without_one(workbook: Book, cells: Cells) -> None:
    def formulas(_book: Any, sheet: Any) -> None:
        sheet.write_formula(1, 4, '="гр. "&"Пловдив"', None, "гр. Пловдив")
        sheet.write_formula(1, 5, "=B9", None, "")
        sheet.write_formula(1, 6, "=1/0", None, "#DIV/0!")

    (row,) = open_register(workbook([cells()], edit=formulas))
    assert row.cells[4] == "гр. Пловдив"
    assert dict(row.notes) == {"seat": "formula_without_value", "service": "error_value"}


def test_text_that_looks_like_a_formula_or_an_error_stays_text(workbook: Book, cells: Cells) -> None:
    (row,) = open_register(workbook([cells(service="=2+2", violations="#N/A")]))
    assert (row.cells[6], row.cells[14]) == ("=2+2", "#N/A")
    assert not row.notes


def test_data_to_the_right_of_the_last_column_is_noted(workbook: Book, cells: Cells) -> None:
    (row,) = open_register(workbook([[*cells(), None, "бележка"]]))
    assert dict(row.notes) == {"violations": "data_outside"}


def test_a_sheet_whose_first_columns_are_empty_keeps_its_columns(workbook: Book) -> None:
    def only_right(_book: Any, sheet: Any) -> None:
        sheet.write(0, 1, "не е регистър")

    with pytest.raises(LayoutMismatch) as raised:
        open_register(workbook([], header=(), edit=only_right))
    assert "празна колона" in raised.value.params["superfluous"]
