"""A small kind of sheet, and workbooks of it."""

from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from xlsxwriter import Workbook

from aksu_shared.workbook import Layout, Sheet, lettered, open_sheet

LAYOUT = Layout(
    columns=lettered(
        ("number", "№"),
        ("owner", "Собственик"),
        ("code", "ЕИК"),
        ("town", "Населено място"),
        ("seat", "Адрес"),
        ("thing", "Вид"),
        ("until", "Дата на валидност"),
        ("note", "Бележки"),
    ),
    filled=frozenset({"owner", "code"}),
    leading=frozenset({"number"}),
)
SOUND = {
    "number": 1,
    "owner": "Примерна фондация",
    "code": "121212121",
    "town": "гр. Пловдив",
    "seat": "ул. „Примерна“ № 5",
    "thing": "Дневна грижа",
    "until": "07.11.2027 г.",
}


@pytest.fixture
def titles() -> list[str]:
    return [column.title for column in LAYOUT.columns]


@pytest.fixture
def cells() -> Callable[..., list[Any]]:
    """`cells(code=…)`: the cells of a sound row with some replaced."""

    def build(**changes: Any) -> list[Any]:
        values = SOUND | changes
        return [values.get(column.key) for column in LAYOUT.columns]

    return build


@pytest.fixture
def opened() -> Callable[[Path | bytes], Sheet]:
    """`opened(source)`: its sheet, read by the layout."""
    return lambda source: open_sheet(source, LAYOUT)


@pytest.fixture
def workbook() -> Callable[..., bytes]:
    """`workbook(rows, header=…, edit=…)`: the bytes of an XLSX file; `edit(workbook, sheet)` may add to it."""

    def build(
        rows: Iterable[Sequence[Any]],
        *,
        header: Sequence[str] = tuple(column.title for column in LAYOUT.columns),
        edit: Callable[[Any, Any], object] = lambda _book, _sheet: None,
    ) -> bytes:
        target = BytesIO()
        with Workbook(target, {"strings_to_formulas": False, "default_date_format": "dd.mm.yyyy"}) as book:
            sheet = book.add_worksheet("Списък")
            sheet.write_row(0, 0, header)
            for index, row in enumerate(rows, start=1):
                sheet.write_row(index, 0, row)
            edit(book, sheet)
        return target.getvalue()

    return build
