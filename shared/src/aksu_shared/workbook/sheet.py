"""Reads the one sheet of an XLSX file by its layout: typed cells with their row numbers."""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

from aksu_shared.workbook.archive import (
    MAX_FILE,
    NotAWorkbook,
    SheetScan,
    WorkbookBomb,
    WorkbookTooLarge,
    check_archive,
    scan_sheets,
)
from aksu_shared.workbook.layout import Layout

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

Cell = str | int | float | bool | dt.date | dt.time | dt.timedelta | None
"""A value as the sheet holds it. Texts are stripped, never empty; whole numbers are `int`."""

_MAX_MERGED = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One row below the header. `number` is the row's number in the sheet, from 1.

    `notes`: column key → why its cell could not be taken as it stands: `formula_without_value`, `error_value`,
    `merged_cells`, `data_outside`.
    """

    number: int
    cells: tuple[Cell, ...]
    notes: Mapping[str, str] = field(default_factory=dict)


class Sheet:
    """The rows of an opened sheet. Iterate as often as wanted; empty rows are left out. `total` counts the rest."""

    def __init__(self, rows: list[RawRow]) -> None:
        self._rows = rows
        self.total = len(rows)

    def __iter__(self) -> Iterator[RawRow]:
        """Rows from top to bottom."""
        return iter(self._rows)


def open_sheet(source: Path | bytes, layout: Layout) -> Sheet:
    """Read the one sheet of a file, given by its path or its bytes.

    Raises a `Problem` when the file is no safe workbook (`archive`), and what the layout raises when its header is not
    the layout's, it holds no row, or more than one sheet holds data.
    """
    with _opened(source) as file:
        check_archive(file, size=_size(file))
        file.seek(0)
        scans = {name: scan for name, scan in scan_sheets(file).items() if scan.rows}
        if not scans:
            raise layout.empty
        name, *others = scans
        if others:
            raise layout.several(sheets=", ".join(f"„{other}“" for other in others))
        file.seek(0)
        return Sheet(_read(file, name, scans[name], layout))


def _opened(source: Path | bytes) -> AbstractContextManager[IO[bytes]]:
    if isinstance(source, Path):
        return source.open("rb")
    if len(source) > MAX_FILE:
        raise WorkbookTooLarge(limit=MAX_FILE)
    return BytesIO(source)


def _size(file: IO[bytes]) -> int:
    size = file.seek(0, 2)
    file.seek(0)
    return size


def _read(file: IO[bytes], name: str, scan: SheetScan, layout: Layout) -> list[RawRow]:
    grid, merged = _parse(file, name, layout)
    header = next((index for index, cells in enumerate(grid) if any(cell is not None for cell in cells)), None)
    if header is None:
        raise layout.empty
    layout.match_header(grid[header])
    rows = [_row(index, grid[index], merged.get(index, {}), scan, layout) for index in range(header + 1, len(grid))]
    filled = [row for row in rows if row.notes or any(cell is not None for cell in row.cells)]
    if not filled:
        raise layout.empty
    return filled


def _parse(file: IO[bytes], name: str, layout: Layout) -> tuple[list[list[Cell]], dict[int, dict[int, str]]]:
    """All cells of the sheet, and what `_merged` notes of them. Raises NotAWorkbook, WorkbookBomb."""
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - heavy, used only by imports

    try:
        with CalamineWorkbook.from_object(file) as workbook:
            sheet = workbook.get_sheet_by_name(name)
            grid = _grid(sheet)
            return grid, _merged(sheet, grid, layout)
    except (CalamineError, OSError, ValueError) as error:
        raise NotAWorkbook from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # a panic of the Rust parser, which is no `Exception`
            raise NotAWorkbook from error
        raise


def _grid(sheet: "CalamineSheet") -> list[list[Cell]]:
    """All rows from the sheet's first; `iter_rows` pads rows above the data but not columns before it."""
    before: list[Cell] = [None] * (sheet.start[1] if sheet.start else 0)
    return [before + [_clean(value) for value in row] for row in sheet.iter_rows()]


def _clean(value: str | float | dt.date | dt.time | dt.timedelta) -> Cell:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _merged(sheet: "CalamineSheet", grid: list[list[Cell]], layout: Layout) -> dict[int, dict[int, str]]:
    """Spread cells merged down the layout's `filled` columns over their rows; note other merges that hold a value.

    A merge down a `leading` column is left as it is: its value stands in its first row. Returns row → column → note.
    """
    notes: dict[int, dict[int, str]] = {}
    budget, width = _MAX_MERGED, len(layout.columns)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        rows, columns = range(top, min(bottom + 1, len(grid))), range(left, min(right + 1, width))
        budget -= len(rows) * len(columns)
        if budget < 0:
            raise WorkbookBomb(reason=f"> {_MAX_MERGED}")
        value = grid[top][left] if rows and left < len(grid[top]) else None
        if value is None or len(rows) * len(columns) <= 1:
            continue
        column = layout.columns[left].key if left == right else None
        if column in layout.filled:
            for row in rows:
                grid[row][left] = value
        elif column not in layout.leading:
            for row in rows:
                notes.setdefault(row, {}).update(dict.fromkeys(columns, "merged_cells"))
    return notes


def _row(index: int, cells: list[Cell], merged: Mapping[int, str], scan: SheetScan, layout: Layout) -> RawRow:
    width = len(layout.columns)
    padded = (*cells, *([None] * width))[:width]
    notes = {layout.columns[at].key: note for at, note in merged.items()}
    for at, column in enumerate(layout.columns):
        if padded[at] is None and (index, at) in scan.errors:
            notes[column.key] = "error_value"
        elif padded[at] is None and (index, at) in scan.formulas:
            notes[column.key] = "formula_without_value"
    if any(cell is not None for cell in cells[width:]):
        notes[layout.columns[-1].key] = "data_outside"
    return RawRow(number=index + 1, cells=padded, notes=notes)
