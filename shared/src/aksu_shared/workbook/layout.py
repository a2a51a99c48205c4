"""What one kind of sheet looks like: its columns in order, its header, its merged cells, and what refuses a file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from aksu_shared.kernel.errors import FieldError, Malformed
from aksu_shared.kernel.territory.names import fold

_SYNONYMS = {"номер по ред": "номер"}
_LETTERS = 26


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key in code and error lists, its letter in the sheet, its title in the header row."""

    key: str
    letter: str
    title: str


class HeaderMismatch(Malformed):
    """The header row is not the layout's: names what is missing, misplaced and superfluous."""

    code = "workbook_header"
    bg = "Заглавният ред не е очакваният. Липсват: {missing}. Разместени: {misplaced}. Излишни: {superfluous}."
    en = "The header row is not as expected. Missing: {missing}. Misplaced: {misplaced}. Superfluous: {superfluous}."
    column_code: ClassVar[str] = "workbook_column"
    """Code of the error of each column that is missing or misplaced."""


class SheetEmpty(Malformed):
    """There is no header row, or no row below it."""

    code = "workbook_empty"
    bg = "Във файла няма редове с данни."
    en = "The file holds no rows of data."


class SeveralSheets(Malformed):
    """More than one visible sheet holds data; `sheets` names the others."""

    code = "workbook_several_sheets"
    bg = "Очаква се един лист, а във файла има данни и в: {sheets}. Оставете само един лист."
    en = "One sheet is expected, but the file also holds data in: {sheets}. Keep one sheet only."


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The columns of one kind of sheet, and the problems by which a file that is not of this kind is refused.

    A value merged down a column of `filled` counts for every row it covers; merged down one of `leading` it counts for
    the first of them. Of any other merged cells nobody can tell to which row or column the value belongs.
    """

    columns: tuple[Column, ...]
    filled: frozenset[str] = frozenset()
    leading: frozenset[str] = frozenset()
    mismatch: type[HeaderMismatch] = HeaderMismatch
    empty: type[SheetEmpty] = SheetEmpty
    several: type[SeveralSheets] = SeveralSheets

    @cached_property
    def index(self) -> dict[str, int]:
        """Where each column stands, from 0, by its key."""
        return {column.key: index for index, column in enumerate(self.columns)}

    def letter(self, key: str) -> str:
        """The letter in the sheet of the column with this key."""
        return self.columns[self.index[key]].letter

    def match_header(self, cells: Sequence[object]) -> None:
        """Raise the layout's `mismatch` unless the cells are its titles in order.

        Case, spaces, line breaks, dashes and quotes do not matter; empty cells after the last title neither.
        """
        found = [_fold_title(str(cell or "")) for cell in cells]
        while found and not found[-1]:
            found.pop()
        wanted = {_fold_title(column.title): column for column in self.columns}
        if found != [*wanted]:
            raise self._mismatch(cells, found, wanted)

    def _mismatch(self, cells: Sequence[object], found: Sequence[str], wanted: dict[str, Column]) -> HeaderMismatch:
        known = list(dict.fromkeys(title for title in found if title in wanted))
        in_order = [title for title in wanted if title in known]
        missing = [wanted[title] for title in wanted if title not in known]
        misplaced = [wanted[title] for title, right in zip(known, in_order, strict=True) if title != right]
        superfluous = [str(cell) for cell, title in zip(cells, found, strict=False) if title and title not in wanted]
        superfluous += [f"{wanted[title].title} (повторена)" for title in known if found.count(title) > 1]
        superfluous += ["(празна колона)"] * found.count("")
        return self.mismatch(
            errors=[_expected(column, self.mismatch.column_code) for column in (*missing, *misplaced)],
            missing=_listed(column.title for column in missing),
            misplaced=_listed(column.title for column in misplaced),
            superfluous=_listed(superfluous),
        )


def lettered(*columns: tuple[str, str]) -> tuple[Column, ...]:
    """Columns from their keys and titles, from A on."""
    return tuple(Column(key, _letter(index), title) for index, (key, title) in enumerate(columns))


def _letter(index: int) -> str:
    """`0` → "A", `26` → "AA"."""
    before, last = divmod(index, _LETTERS)
    return (_letter(before - 1) if before else "") + chr(ord("A") + last)


def _fold_title(title: str) -> str:
    folded = fold(title.replace("№", " номер "))
    return _SYNONYMS.get(folded, folded)


def _expected(column: Column, code: str) -> FieldError:
    return FieldError(
        pointer=f"/header/{column.letter}",
        code=code,
        bg=f"В колона {column.letter} се очаква „{column.title}“.",
        en=f"Column {column.letter} must be '{column.title}'.",
    )


def _listed(titles: Iterable[str]) -> str:
    return ", ".join(f"„{title}“" for title in titles) or "—"
