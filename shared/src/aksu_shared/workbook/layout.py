"""The Agency's public register: its 15 columns, in their order, and how its header and dates are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from aksu_shared.errors import FieldError, Malformed
from aksu_shared.territory.names import fold


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key in code and error lists, its letter in the sheet, its title in the header row."""

    key: str
    letter: str
    title: str


COLUMNS = tuple(
    Column(key, letter, title)
    for letter, (key, title) in zip(
        "ABCDEFGHIJKLMNO",
        (
            ("number", "№"),
            ("provider", "Доставчик"),
            ("eik", "ЕИК"),
            ("municipality", "Община"),
            ("settlement", "Населено място"),
            ("seat", "Седалище и адрес на управление"),
            ("service", "Социална услуга"),
            ("target_groups", "Целева група"),
            ("original", "Лиценз - номер и дата на издаване"),
            ("original_until", "Лиценз - дата на валидност"),
            ("changed", "Лиценз с промяна - номер и дата"),
            ("changed_until", "Лиценз с промяна - дата валидност"),
            ("renewed", "Подновен лиценз № и дата"),
            ("renewed_until", "Подновен лиценз - дата валидност"),
            ("violations", "Установени нарушения"),
        ),
        strict=True,
    )
)
"""The columns of the published register, in order. Exactly these are imported and exported."""

BY_KEY = {column.key: column for column in COLUMNS}
_SYNONYMS = {"номер по ред": "номер"}


class LayoutMismatch(Malformed):
    """The header row is not the register's: names what is missing, misplaced and superfluous."""

    code = "register_layout"
    bg = "Заглавният ред не е този на регистъра. Липсват: {missing}. Разместени: {misplaced}. Излишни: {superfluous}."
    en = "The header row is not the register's. Missing: {missing}. Misplaced: {misplaced}. Superfluous: {superfluous}."


def match_header(cells: Sequence[object]) -> None:
    """Raise `LayoutMismatch` unless the cells are the 15 titles in order.

    Case, spaces, line breaks, dashes and quotes do not matter; empty cells after the last title neither.
    """
    found = [_fold_title(str(cell or "")) for cell in cells]
    while found and not found[-1]:
        found.pop()
    wanted = [_fold_title(column.title) for column in COLUMNS]
    if found == wanted:
        return
    titles = dict(zip(wanted, (column.title for column in COLUMNS), strict=True))
    known = list(dict.fromkeys(title for title in found if title in titles))
    in_order = [title for title in wanted if title in known]
    missing = [titles[title] for title in wanted if title not in known]
    misplaced = [titles[title] for title, right in zip(known, in_order, strict=True) if title != right]
    superfluous = [str(cell) for cell, title in zip(cells, found, strict=False) if title and title not in titles]
    superfluous += [f"{titles[title]} (повторена)" for title in known if found.count(title) > 1]
    superfluous += ["(празна колона)"] * found.count("")
    raise LayoutMismatch(
        errors=[_header_error(title) for title in (*missing, *misplaced)],
        missing=_listed(missing),
        misplaced=_listed(misplaced),
        superfluous=_listed(superfluous),
    )


def format_day(day: date) -> str:
    """A day as the register writes it: `dd.mm.yyyy г.`."""
    return f"{day:%d.%m.%Y} г."


def _fold_title(title: str) -> str:
    folded = fold(title.replace("№", " номер "))
    return _SYNONYMS.get(folded, folded)


def _header_error(title: str) -> FieldError:
    letter = next(column.letter for column in COLUMNS if column.title == title)
    return FieldError(
        pointer=f"/header/{letter}",
        code="register_column",
        bg=f"В колона {letter} се очаква „{title}“.",
        en=f"Column {letter} must be '{title}'.",
    )


def _listed(titles: Sequence[str]) -> str:
    return ", ".join(f"„{title}“" for title in titles) or "—"
