"""A whole register file: rows carried down under their provider, read, checked, and compared with each other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from aksu_registry.register_import.columns import REGISTER
from aksu_registry.register_import.licence_checks import check_licences
from aksu_registry.register_import.rows import RegisterRow, parse_row
from aksu_registry.register_import.rules import check_legal_form
from aksu_registry.services.rules import ServiceKey
from aksu_shared.kernel.terms import Terms
from aksu_shared.kernel.territory import Territory, fold
from aksu_shared.workbook import Cell, CellError, RawRow, open_sheet

_INDEX = REGISTER.index
_NUMBER, _EIK = _INDEX["number"], _INDEX["eik"]
_PLACE = (_INDEX["municipality"], _INDEX["settlement"])
_OF_PROVIDER = (_INDEX["provider"], _EIK, _INDEX["seat"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """A row with its verdict: `row` when it may be imported, else the `errors` for which it is refused."""

    number: int
    raw: RawRow
    row: RegisterRow | None
    errors: tuple[CellError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFile:
    """An opened file: `total` rows, read one by one while iterating."""

    total: int
    rows: Iterable[ReadRow]

    def __iter__(self) -> Iterator[ReadRow]:
        """Rows from top to bottom; once."""
        return iter(self.rows)


def read_register(source: Path | bytes, *, territory: Territory, terms: Terms, today: date) -> RegisterFile:
    """Open a register file and read it row by row. Raises a `Problem` when the file as a whole is refused."""
    sheet = open_sheet(source, REGISTER)
    return RegisterFile(total=sheet.total, rows=read_rows(sheet, territory=territory, terms=terms, today=today))


def read_rows(raws: Iterable[RawRow], *, territory: Territory, terms: Terms, today: date) -> Iterator[ReadRow]:
    """Read, check and compare rows in their order. A row is refused for its own faults; the others go on."""
    seen = _Seen()
    for raw in carried(raws):
        parsed = parse_row(raw, territory=territory)
        if isinstance(parsed, RegisterRow):
            errors = check_legal_form(parsed.provider.legal_form)
            errors += check_licences(parsed.original, parsed.changed, parsed.renewed, terms=terms, today=today)
            errors = errors or seen.compare(parsed)
        else:
            errors = parsed
        row = parsed if isinstance(parsed, RegisterRow) and not errors else None
        yield ReadRow(number=raw.number, raw=raw, row=row, errors=tuple(errors))


def carried(raws: Iterable[RawRow]) -> Iterator[RawRow]:
    """Give rows without a number the provider above them.

    Empty provider cells take the value above; so do an empty municipality and settlement together. A municipality
    without its settlement is left incomplete, to be reported: the settlement above lies elsewhere. A row with a
    number, or with another ЕИК, begins a new provider and takes nothing over.
    """
    above: list[Cell] | None = None
    for raw in raws:
        cells = list(raw.cells)
        if above is not None and cells[_NUMBER] is None and cells[_EIK] in {None, above[_EIK]}:
            _carry(cells, above, noted={_INDEX[key] for key in raw.notes})
        above = cells
        yield replace(raw, cells=tuple(cells))


def _carry(cells: list[Cell], above: list[Cell], *, noted: set[int]) -> None:
    blank = {index for index in (*_OF_PROVIDER, *_PLACE) if cells[index] is None and index not in noted}
    municipality, settlement = _PLACE
    if settlement in blank and municipality not in blank:
        blank -= {settlement}
    for index in blank:
        cells[index] = above[index]


class _Seen:
    """Accepted rows of the file so far, by what identifies them."""

    def __init__(self) -> None:
        self._rows: dict[str, RegisterRow] = {}
        self._numbers: dict[str, int] = {}
        self._services: dict[ServiceKey, list[RegisterRow]] = {}
        self._names: dict[str, RegisterRow] = {}

    def compare(self, row: RegisterRow) -> list[CellError]:
        """Faults that show only beside the rows above; a row without any is remembered."""
        errors = [*self._repeated(row), *self._renamed(row)] or [*self._overlapping(row)]
        if not errors:
            self._rows[row.row_key] = row
            self._numbers |= dict.fromkeys(_numbers(row).values(), row.number)
            self._services.setdefault(row.service_key, []).append(row)
            self._names.setdefault(row.provider.eik, row)
        return errors

    def _repeated(self, row: RegisterRow) -> Iterator[CellError]:
        twin = self._rows.get(row.row_key)
        if twin is not None and replace(twin, number=row.number) == row:
            yield CellError(
                column="original",
                code="duplicate_row",
                bg=f"Редът повтаря ред {twin.number}.",
                en=f"The row repeats row {twin.number}.",
            )
            return
        for column, number in _numbers(row).items():
            if (first := self._numbers.get(number)) is not None:
                yield CellError(
                    column=column,
                    code="licence_number_repeated",
                    bg=f"Лиценз {number} вече е посочен на ред {first}.",
                    en=f"Licence {number} already stands in row {first}.",
                )

    def _renamed(self, row: RegisterRow) -> Iterator[CellError]:
        first = self._names.get(row.provider.eik)
        if first is not None and fold(first.provider.name) != fold(row.provider.name):
            yield CellError(
                column="provider",
                code="provider_name_conflict",
                bg=f"ЕИК {row.provider.eik} е на „{first.provider.name}“ (ред {first.number}).",
                en=f"ЕИК {row.provider.eik} belongs to '{first.provider.name}' (row {first.number}).",
            )

    def _overlapping(self, row: RegisterRow) -> Iterator[CellError]:
        for other in self._services.get(row.service_key, ()):
            if row.original.issued_on <= other.last_day and other.original.issued_on <= row.last_day:
                yield CellError(
                    column="service",
                    code="duplicate_service",
                    bg=f"Същата услуга на същото място има действащ лиценз на ред {other.number}.",
                    en=f"The same service in the same place has a valid licence in row {other.number}.",
                    legal_basis="чл. 146–160 ЗСУ",
                )


def _numbers(row: RegisterRow) -> dict[str, str]:
    """Numbers of the row's licences by column."""
    licences = {"original": row.original, "changed": row.changed, "renewed": row.renewed}
    return {column: licence.number for column, licence in licences.items() if licence is not None}
