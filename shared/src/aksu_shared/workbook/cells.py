"""Reads single cells: days as dates or as text, ЕИК typed as a number, texts of bounded length."""

import datetime as dt
import re

from aksu_shared.kernel.eik import is_valid_eik
from aksu_shared.kernel.plain_text import composed, seen
from aksu_shared.workbook.faults import CellError
from aksu_shared.workbook.sheet import Cell

_DAY = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})\s*(?:г\.?|год\.?|година)?$")
_YEARS = range(1990, 2101)
_SPACES = re.compile(r"\s+")
_ENTITY, _BRANCH = 9, 13
_NOTES = {
    "formula_without_value": (
        "Клетката съдържа формула без изчислена стойност. Запишете стойността.",
        "The cell holds a formula without a computed value. Put the value in its place.",
    ),
    "error_value": (
        "Клетката съдържа грешка на Excel (#…). Запишете стойността.",
        "The cell holds an Excel error (#…). Put the value in its place.",
    ),
    "merged_cells": (
        "Клетката е обединена с други и не е ясно за коя се отнася стойността. Разделете ги.",
        "The cell is merged with others; nobody can tell to which the value belongs. Unmerge them.",
    ),
    "data_outside": (
        "Има данни вдясно от последната колона.",
        "There is data to the right of the last column.",
    ),
}


class BadCell(Exception):
    """Carries the `CellError` of a cell that cannot be read."""

    def __init__(self, error: CellError) -> None:
        super().__init__(error.en)
        self.error = error


def bad(column: str, code: str, bg: str, en: str, *, legal_basis: str | None = None) -> BadCell:
    """A `BadCell` from its parts."""
    return BadCell(CellError(column=column, code=code, bg=bg, en=en, legal_basis=legal_basis))


def from_note(column: str, note: str) -> CellError:
    """The error of a cell that could not be taken as it stands (`RawRow.notes`)."""
    bg, en = _NOTES[note]
    return CellError(column=column, code=note, bg=bg, en=en)


def read_text(column: str, cell: Cell, *, longest: int) -> str | None:
    """The cell as one line of what its reader sees; None when empty. A number is taken as typed."""
    if cell is None:
        return None
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise bad(column, "text_expected", "Очаква се текст.", "A text is expected.")
    text = composed(_SPACES.sub(" ", seen(str(cell)))).strip()
    if len(text) > longest:
        raise bad(
            column,
            "text_too_long",
            f"Текстът е по-дълъг от {longest} знака.",
            f"The text is longer than {longest} characters.",
        )
    return text or None


def read_required(column: str, cell: Cell, *, longest: int) -> str:
    """`read_text` of a cell that must not be empty."""
    text = read_text(column, cell, longest=longest)
    if text is None:
        raise missing(column)
    return text


def missing(column: str) -> BadCell:
    """The error of an empty cell that must not be empty."""
    return bad(column, "required", "Клетката е празна.", "The cell is empty.")


def read_eik(column: str, cell: Cell) -> str:
    """A valid ЕИК. One stored as a number has lost its leading zeros; they are put back."""
    if isinstance(cell, int) and not isinstance(cell, bool) and cell > 0:
        text = str(cell)
        text = text.zfill(_ENTITY if len(text) <= _ENTITY else _BRANCH)
    else:
        text = read_required(column, cell, longest=40).replace(" ", "")
    if not is_valid_eik(text):
        raise bad(
            column,
            "eik_invalid",
            f"„{text}“ не е валиден ЕИК: 9 или 13 цифри с вярна контролна цифра.",
            f"'{text}' is no valid ЕИК: 9 or 13 digits with a right check digit.",
        )
    return text


def read_day(column: str, cell: Cell) -> dt.date:
    """A day: a real date, or a text `dd.mm.yyyy г.`. A bare number is refused: nobody can tell what it counts."""
    if isinstance(cell, dt.datetime):
        cell = cell.date() if cell.time() == dt.time() else None
    if isinstance(cell, dt.date):
        return _plausible(column, cell)
    if isinstance(cell, str) and (match := _DAY.match(cell)):
        day, month, year = (int(part) for part in match.groups())
        try:
            return _plausible(column, dt.date(year, month, day))
        except ValueError:
            raise bad(
                column,
                "date_impossible",
                f"„{cell[:40]}“ не е възможна дата.",
                f"'{cell[:40]}' is no possible date.",
            ) from None
    raise bad(
        column,
        "date_unreadable",
        "Очаква се дата във вида „07.11.2022 г.“.",
        "A date of the form '07.11.2022 г.' is expected.",
    )


def format_day(day: dt.date) -> str:
    """A day as `read_day` reads it: `dd.mm.yyyy г.`."""
    return f"{day:%d.%m.%Y} г."


def _plausible(column: str, day: dt.date) -> dt.date:
    if day.year not in _YEARS:
        raise bad(
            column,
            "date_impossible",
            f"Годината {day.year} не е възможна.",
            f"The year {day.year} is not possible.",
        )
    return day
