"""Reading the sheet of a workbook."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from aksu_shared.workbook import Sheet
from aksu_shared.workbook.layout import HeaderMismatch, SeveralSheets, SheetEmpty

Cells = Callable[..., list[Any]]
Book = Callable[..., bytes]
Opened = Callable[[Path | bytes], Sheet]


def test_rows_carry_their_number_in_the_sheet_and_typed_values(opened: Opened, workbook: Book, cells: Cells) -> None:
    rows = [cells(number=1), cells(number=2, code=121212121, until=date(2027, 11, 7), note="  ")]
    sheet = opened(workbook(rows))
    assert sheet.total == 2
    first, second = sheet
    assert (first.number, second.number) == (2, 3)
    assert first.cells[6] == "07.11.2027 г."
    assert second.cells[2] == 121212121
    assert second.cells[6] == date(2027, 11, 7)
    assert second.cells[7] is None


def test_a_path_reads_like_bytes(opened: Opened, workbook: Book, cells: Cells, tmp_path: Path) -> None:
    file = tmp_path / "регистър.xlsx"
    file.write_bytes(workbook([cells()]))
    assert list(opened(file)) == list(opened(file.read_bytes()))


def test_empty_rows_are_left_out_and_the_others_keep_their_numbers(
    opened: Opened, workbook: Book, cells: Cells
) -> None:
    sheet = opened(workbook([cells(), [], [" "], cells(number=2)]))
    assert [row.number for row in sheet] == [2, 5]


def test_the_header_may_stand_below_empty_rows(opened: Opened, workbook: Book, cells: Cells, titles: list[str]) -> None:
    def move_down(_book: Any, sheet: Any) -> None:
        sheet.write_row(3, 0, titles)
        sheet.write_row(4, 0, cells())

    sheet = opened(workbook([], header=(), edit=move_down))
    assert [row.number for row in sheet] == [5]


def test_a_wrong_header_is_refused_before_any_row_is_read(
    opened: Opened, workbook: Book, cells: Cells, titles: list[str]
) -> None:
    with pytest.raises(HeaderMismatch):
        opened(workbook([cells()], header=titles[:-1]))


def test_a_sheet_without_rows_is_refused(opened: Opened, workbook: Book) -> None:
    with pytest.raises(SheetEmpty):
        opened(workbook([]))
    with pytest.raises(SheetEmpty):
        opened(workbook([], header=()))


def test_data_in_a_second_visible_sheet_is_refused_not_ignored(opened: Opened, workbook: Book, cells: Cells) -> None:
    with pytest.raises(SeveralSheets, match="Архив"):
        opened(workbook([cells()], edit=lambda book, _: book.add_worksheet("Архив").write(0, 0, "още редове")))


def test_empty_and_hidden_sheets_do_not_matter(opened: Opened, workbook: Book, cells: Cells) -> None:
    def add(book: Any, _sheet: Any) -> None:
        book.add_worksheet("Лист2")
        hidden = book.add_worksheet("Списъци")
        hidden.write(0, 0, "NGO")
        hidden.hide()

    assert opened(workbook([cells()], edit=add)).total == 1


def test_provider_cells_merged_downwards_count_for_every_row(opened: Opened, workbook: Book, cells: Cells) -> None:
    def merge(_book: Any, sheet: Any) -> None:
        sheet.merge_range(1, 1, 2, 1, "Примерна фондация")
        sheet.merge_range(1, 0, 2, 0, "1")

    first, second = opened(workbook([cells(), cells(owner=None, number=None)], edit=merge))
    assert first.cells[1] == second.cells[1] == "Примерна фондация"
    assert second.cells[0] is None
    assert not first.notes
    assert not second.notes


@pytest.mark.parametrize(
    ("area", "noted"),
    [
        ((1, 6, 2, 6), {"until"}),
        ((1, 4, 1, 5), {"seat", "thing"}),
        ((1, 1, 2, 2), {"owner", "code"}),
    ],
)
def test_other_merged_cells_are_noted_on_every_row_they_touch(
    opened: Opened, workbook: Book, cells: Cells, area: tuple[int, int, int, int], noted: set[str]
) -> None:
    rows = list(opened(workbook([cells(), cells()], edit=lambda _, sheet: sheet.merge_range(*area, "обединено"))))
    touched = rows[: area[2] - area[0] + 1]
    assert all(set(row.notes) == noted and set(row.notes.values()) == {"merged_cells"} for row in touched)
    assert not any(row.notes for row in rows[len(touched) :])


def test_merged_cells_without_a_value_are_mere_decoration(opened: Opened, workbook: Book, cells: Cells) -> None:
    book = workbook([cells(until=None)], edit=lambda _, sheet: sheet.merge_range(1, 6, 1, 7, ""))
    (row,) = opened(book)
    assert not row.notes


def test_a_formula_counts_with_its_computed_value_and_is_noted_without_one(
    opened: Opened, workbook: Book, cells: Cells
) -> None:
    def formulas(_book: Any, sheet: Any) -> None:
        sheet.write_formula(1, 3, '="гр. "&"Пловдив"', None, "гр. Пловдив")
        sheet.write_formula(1, 4, "=B9", None, "")
        sheet.write_formula(1, 5, "=1/0", None, "#DIV/0!")

    (row,) = opened(workbook([cells()], edit=formulas))
    assert row.cells[3] == "гр. Пловдив"
    assert dict(row.notes) == {"seat": "formula_without_value", "thing": "error_value"}


def test_text_that_looks_like_a_formula_or_an_error_stays_text(opened: Opened, workbook: Book, cells: Cells) -> None:
    (row,) = opened(workbook([cells(thing="=2+2", note="#N/A")]))
    assert (row.cells[5], row.cells[7]) == ("=2+2", "#N/A")
    assert not row.notes


def test_data_to_the_right_of_the_last_column_is_noted(opened: Opened, workbook: Book, cells: Cells) -> None:
    (row,) = opened(workbook([[*cells(), None, "бележка"]]))
    assert dict(row.notes) == {"note": "data_outside"}


def test_a_sheet_whose_first_columns_are_empty_keeps_its_columns(opened: Opened, workbook: Book) -> None:
    def only_right(_book: Any, sheet: Any) -> None:
        sheet.write(0, 1, "не е заглавие")

    with pytest.raises(HeaderMismatch) as raised:
        opened(workbook([], header=(), edit=only_right))
    assert "празна колона" in raised.value.params["superfluous"]
