"""Builders of registers: a sound row to change, and a workbook around rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from xlsxwriter import Workbook

from aksu_registry.register_import.columns import COLUMNS
from aksu_shared.workbook import RawRow

TODAY = date(2026, 11, 20)
SOUND = {
    "number": 1,
    "provider": "Примерна фондация „Надежда“",
    "eik": "121212121",
    "municipality": "Пловдив",
    "settlement": "гр. Пловдив",
    "seat": "гр. Пловдив, ул. „Примерна“ № 5",
    "service": "Дневна грижа за деца с увреждания",
    "target_groups": "Деца с увреждания",
    "original": "Л-3129-1325/07.11.2022 г.",
    "original_until": "07.11.2027 г.",
}


@pytest.fixture
def cells() -> Callable[..., list[Any]]:
    """`cells(eik=…)`: the 15 cells of a sound row with some replaced."""

    def build(**changes: Any) -> list[Any]:
        values = SOUND | changes
        return [values.get(column.key) for column in COLUMNS]

    return build


@pytest.fixture
def raw(cells: Callable[..., list[Any]]) -> Callable[..., RawRow]:
    """`raw(number=…, at=…, **cells)`: the same as a read row at sheet row `at`."""

    def build(at: int = 2, notes: Mapping[str, str] | None = None, **changes: Any) -> RawRow:
        return RawRow(number=at, cells=tuple(cells(**changes)), notes=notes or {})

    return build


@pytest.fixture
def workbook() -> Callable[..., bytes]:
    """`workbook(rows, header=…, edit=…)`: the bytes of an XLSX file; `edit(workbook, sheet)` may add to it."""

    def build(
        rows: Iterable[Sequence[Any]],
        *,
        header: Sequence[str] = tuple(column.title for column in COLUMNS),
        edit: Callable[[Any, Any], object] = lambda _book, _sheet: None,
    ) -> bytes:
        target = BytesIO()
        with Workbook(target, {"strings_to_formulas": False, "default_date_format": "dd.mm.yyyy"}) as book:
            sheet = book.add_worksheet("Регистър")
            sheet.write_row(0, 0, header)
            for index, row in enumerate(rows, start=1):
                sheet.write_row(index, 0, row)
            edit(book, sheet)
        return target.getvalue()

    return build
