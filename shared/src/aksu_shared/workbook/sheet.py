"""Reads the register's sheet from an XLSX file: typed cells with their row numbers, after the guards of `archive`."""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

from aksu_shared.errors import Malformed
from aksu_shared.register.archive import (
    MAX_FILE,
    NotAWorkbook,
    SeveralSheets,
    SheetScan,
    WorkbookBomb,
    WorkbookTooLarge,
    check_archive,
    scan_sheets,
)
from aksu_shared.register.layout import COLUMNS, match_header

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

Cell = str | int | float | bool | dt.date | dt.time | dt.timedelta | None
"""A value as the sheet holds it. Texts are stripped, never empty; whole numbers are `int`."""

_WIDTH = len(COLUMNS)
_NUMBER = 0
_PROVIDER_COLUMNS = range(1, 6)
_MAX_MERGED = 2_000_000


class RegisterEmpty(Malformed):
    """There is no header row, or no row below it."""

    code = "register_empty"
    bg = "Във файла няма редове на регистъра."
    en = "The file holds no rows of the register."


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One row below the header. `number` is the row's number in the sheet, from 1.

    `notes`: column key → why its cell could not be taken as it stands: `formula_without_value`, `error_value`,
    `merged_cells`, `data_outside`.
    """

    number: int
    cells: tuple[Cell, ...]
    notes: Mapping[str, str] = field(default_factory=dict)


class RegisterSheet:
    """The rows of an opened register. Iterate as often as wanted; empty rows are left out. `total` counts the rest."""

    def __init__(self, rows: list[RawRow]) -> None:
        self._rows = rows
        self.total = len(rows)

    def __iter__(self) -> Iterator[RawRow]:
        """Rows from top to bottom."""
        return iter(self._rows)


def open_register(source: Path | bytes) -> RegisterSheet:
    """Read the register from a file or from its bytes.

    Raises a `Problem` when the file is no safe workbook (`archive`), its header is not the register's
    (`layout.LayoutMismatch`), or it holds no row.
    """
    with _opened(source) as file:
        check_archive(file, size=_size(file))
        file.seek(0)
        scans = {name: scan for name, scan in scan_sheets(file).items() if scan.rows}
        if not scans:
            raise RegisterEmpty
        name, *others = scans
        if others:
            raise SeveralSheets(sheets=", ".join(f"„{other}“" for other in others))
        file.seek(0)
        return RegisterSheet(_read(file, name, scans[name]))


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


def _read(file: IO[bytes], name: str, scan: SheetScan) -> list[RawRow]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - heavy, used only by imports

    try:
        with CalamineWorkbook.from_object(file) as workbook:
            sheet = workbook.get_sheet_by_name(name)
            grid = _grid(sheet)
            merged = _merged(sheet, grid)
    except (CalamineError, OSError, ValueError) as error:
        raise NotAWorkbook from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # a panic of the Rust parser, which is no `Exception`
            raise NotAWorkbook from error
        raise
    header = next((index for index, cells in enumerate(grid) if any(cell is not None for cell in cells)), None)
    if header is None:
        raise RegisterEmpty
    match_header(grid[header])
    rows = [_row(index, grid[index], merged.get(index, {}), scan) for index in range(header + 1, len(grid))]
    filled = [row for row in rows if row.notes or any(cell is not None for cell in row.cells)]
    if not filled:
        raise RegisterEmpty
    return filled


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


def _merged(sheet: "CalamineSheet", grid: list[list[Cell]]) -> dict[int, dict[int, str]]:
    """Spread cells merged down in the provider's columns over their rows; note all other merges that hold a value.

    A provider's cells merged over its services mean the same as the register's empty cells below it. Anywhere else
    nobody can tell to which row or column the value belongs. Returns row → column → note.
    """
    notes: dict[int, dict[int, str]] = {}
    budget = _MAX_MERGED
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        rows, columns = range(top, min(bottom + 1, len(grid))), range(left, min(right + 1, _WIDTH))
        budget -= len(rows) * len(columns)
        if budget < 0:
            raise WorkbookBomb(reason=f"> {_MAX_MERGED}")
        value = grid[top][left] if rows and left < len(grid[top]) else None
        if value is None or len(rows) * len(columns) <= 1:
            continue
        if left == right and left in _PROVIDER_COLUMNS:
            for row in rows:
                grid[row][left] = value
        elif left != right or left != _NUMBER:
            for row in rows:
                notes.setdefault(row, {}).update(dict.fromkeys(columns, "merged_cells"))
    return notes


def _row(index: int, cells: list[Cell], merged: Mapping[int, str], scan: SheetScan) -> RawRow:
    padded = (*cells, *([None] * _WIDTH))[:_WIDTH]
    notes = {COLUMNS[column].key: note for column, note in merged.items()}
    for column in range(_WIDTH):
        if padded[column] is None and (index, column) in scan.errors:
            notes[COLUMNS[column].key] = "error_value"
        elif padded[column] is None and (index, column) in scan.formulas:
            notes[COLUMNS[column].key] = "formula_without_value"
    if any(cell is not None for cell in cells[_WIDTH:]):
        notes[COLUMNS[-1].key] = "data_outside"
    return RawRow(number=index + 1, cells=padded, notes=notes)
