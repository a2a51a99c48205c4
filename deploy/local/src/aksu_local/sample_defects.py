"""Workbooks with planted defects, and the manifest that says what an import must answer to each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from aksu_local.sample_register import SampleProvider, rows_of, sample_providers
from aksu_registry.register_import.columns import COLUMNS
from aksu_shared.kernel.territory import load
from aksu_shared.workbook import format_day

Cell = str | int | float | datetime | tuple[str, str | int] | None
"""A cell to write; a pair is a formula with its cached value."""

Row = list[Cell]
_AT: Final = {column.key: index for index, column in enumerate(COLUMNS)}
_YEAR: Final = timedelta(days=365)
DEFECTS_FILE: Final = "register-defects.xlsx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One planted fault: row and column are None when the whole file is refused. Rows are numbered as in the sheet."""

    file: str
    row: int | None
    column: str | None
    code: str


@dataclass(slots=True, kw_only=True)
class Sheet:
    """A worksheet to write; `merged`: (top, left, bottom, right), counted from 0 → value."""

    name: str
    header: Sequence[str]
    rows: list[Row]
    merged: dict[tuple[int, int, int, int], str] = field(default_factory=dict)


def defective_sheets(*, seed: int, today: date) -> tuple[list[Sheet], list[Defect]]:
    """The sheets to write and what is wrong in them; the same seed and day give the same."""
    planter = _Planter(seed=seed, today=today)
    planter.plant()
    sheets, defects = [planter.sheet], planter.defects
    for name, header in _broken_headers().items():
        sheets.append(Sheet(name=name, header=header, rows=[list(row) for row in planter.sheet.rows[:3]]))
        defects.append(Defect(file=name, row=None, column=None, code="register_layout"))
    return sheets, defects


def _broken_headers() -> dict[str, list[str]]:
    titles = [column.title for column in COLUMNS]
    reordered = [*titles]
    reordered[2], reordered[3] = reordered[3], reordered[2]
    return {
        "register-missing-columns.xlsx": [title for title in titles if title not in {"ЕИК", "Целева група"}],
        "register-reordered-columns.xlsx": reordered,
        "register-extra-column.xlsx": [*titles, "Бележки"],
    }


class _Planter:
    """Takes sound one-row providers, one after another, and spoils each in one way."""

    def __init__(self, *, seed: int, today: date) -> None:
        self._today = today
        self._territory = load()
        made = sample_providers(seed=seed + 1, today=today, providers=120, services=120)
        self._sound = iter([provider for provider in made if len(provider.services[0].licences) == 1])
        self._number = 0
        self.sheet = Sheet(
            name=DEFECTS_FILE, header=[f" {c.title.replace(' - ', chr(10) + '– ').upper()} " for c in COLUMNS], rows=[]
        )
        self.defects: list[Defect] = []

    def plant(self) -> None:
        """All kinds of defect, between rows that are sound though unusual."""
        self._accepted()
        for code, column, spoil in _SPOILERS:
            row = self._row()
            spoil(row, self._today)
            self._add(row, (column, code))
        self._continuations()
        self._duplicates()
        self._merged_and_formulas()
        self._add(self._row())

    def _row(self, *, situation: str = "original") -> Row:
        provider: SampleProvider = next(p for p in self._sound if p.services[0].situation == situation)
        provider.services = provider.services[:1]
        self._number += 1
        return [self._number, *next(iter(rows_of([provider], territory=self._territory)))[1:]]

    def _add(self, row: Row, *faults: tuple[str, str]) -> int:
        """Append a row; returns its number in the sheet."""
        self.sheet.rows.append(row)
        number = len(self.sheet.rows) + 1
        self.defects += [Defect(file=DEFECTS_FILE, row=number, column=column, code=code) for column, code in faults]
        return number

    def _accepted(self) -> None:
        """Real dates, ЕИК as a number, other spellings, a formula with its value: all mean what they say."""
        row = self._row()
        until = str(row[_AT["original_until"]])
        row[_AT["original_until"]] = datetime.strptime(until, "%d.%m.%Y г.")  # noqa: DTZ007 - a day of the sheet
        row[_AT["eik"]] = int(str(row[_AT["eik"]]))
        row[_AT["municipality"]] = f"ОБЩИНА  {str(row[_AT['municipality']]).lower()}"
        row[_AT["settlement"]] = ("=A1", str(row[_AT["settlement"]]))
        row[_AT["service"]] = "=Услуга, започваща със знак"
        self._add(row)
        short = self._row()
        short[_AT["original_until"]] = str(short[_AT["original_until"]]).removesuffix(" г.")
        self._add(short)

    def _continuations(self) -> None:
        """A second row without number takes the provider over; a municipality without settlement does not pass."""
        first, second, third = self._row(), self._row(), self._row()
        provider = [_AT[key] for key in ("number", "provider", "eik", "municipality", "settlement", "seat")]
        for index in provider:
            second[index] = None
        for index in set(provider) - {_AT["municipality"]}:
            third[index] = None
        for row, service in ((second, "Общностна работа"), (third, "Осигуряване на подслон")):
            row[_AT["service"]] = service
        self._add(first)
        self._add(second)
        self._add(third, ("settlement", "required"))

    def _duplicates(self) -> None:
        first = self._row()
        self._add(first)
        self._add([*first], ("original", "duplicate_row"))
        renamed = self._row()
        renamed[_AT["eik"]] = first[_AT["eik"]]
        self._add(renamed, ("provider", "provider_name_conflict"))
        reused = self._row()
        reused[_AT["original"]], reused[_AT["original_until"]] = first[_AT["original"]], first[_AT["original_until"]]
        self._add(reused, ("original", "licence_number_repeated"))
        same_service = [*first]
        other = self._row()
        for key in ("original", "original_until"):
            same_service[_AT[key]] = other[_AT[key]]
        self._add(same_service, ("service", "duplicate_service"))

    def _merged_and_formulas(self) -> None:
        """A provider merged over its rows is as good as empty cells; a merged licence belongs to nobody."""
        first, second = self._row(), self._row()
        second[_AT["number"]] = None
        second[_AT["service"]] = "Застъпничество и посредничество"
        top = self._add(first) - 1
        self._add(second)
        for key in ("provider", "eik", "seat", "municipality", "settlement"):
            self.sheet.merged[top, _AT[key], top + 1, _AT[key]] = str(first[_AT[key]])
            first[_AT[key]] = second[_AT[key]] = None
        above, below = self._row(), self._row()
        top = self._add(above, ("original_until", "merged_cells")) - 1
        self._add(below, ("original_until", "merged_cells"))
        self.sheet.merged[top, _AT["original_until"], top + 1, _AT["original_until"]] = str(
            above[_AT["original_until"]]
        )
        above[_AT["original_until"]] = below[_AT["original_until"]] = None
        for code, value in (("formula_without_value", ""), ("error_value", "#REF!")):
            row = self._row()
            row[_AT["settlement"]] = ("=Z99", value)
            self._add(row, ("settlement", code))
        self._add([*self._row(), None, "бележка"], ("violations", "data_outside"))


Spoil = Callable[[Row, date], None]


def _set(column: str, value: Cell) -> Spoil:
    def spoil(row: Row, _today: date) -> None:
        row[_AT[column]] = value

    return spoil


def _set_licence(column: str, *, service_no: str, issued: timedelta, until: timedelta) -> Spoil:
    """Write a licence issued `issued` after today and valid `until` after that."""

    def spoil(row: Row, today: date) -> None:
        day = today + issued
        row[_AT[column]] = f"Л-{service_no}-90000/{format_day(day)}"
        row[_AT[f"{column}_until"]] = format_day(day + until)

    return spoil


def _bad_check_digit(row: Row, _today: date) -> None:
    eik = str(row[_AT["eik"]])
    row[_AT["eik"]] = eik[:-1] + str((int(eik[-1]) + 1) % 10)


def _without(column: str) -> Spoil:
    return _set(column, None)


def _longer(row: Row, _today: date) -> None:
    text = str(row[_AT["original_until"]])
    row[_AT["original_until"]] = f"{text[:6]}{int(text[6:10]) + 2}{text[10:]}"


_SPOILERS: Final[tuple[tuple[str, str, Spoil], ...]] = (
    ("eik_invalid", "eik", _bad_check_digit),
    ("eik_invalid", "eik", _set("eik", "няма")),
    ("unknown_municipality", "municipality", _set("municipality", "Измислена")),
    ("ambiguous_municipality", "municipality", _set("municipality", "Бяла")),
    ("required", "settlement", _without("settlement")),
    ("required", "service", _without("service")),
    ("required", "original_until", _without("original_until")),
    ("date_impossible", "original_until", _set("original_until", "31.02.2028 г.")),
    ("date_unreadable", "original_until", _set("original_until", "до края на 2028")),
    ("date_unreadable", "original_until", _set("original_until", 46_000)),
    ("licence_number_format", "original", _set("original", "3129/1325")),
    ("licence_number_format", "original", _set("original", "Л-3129-1325/31.11.2022 г.")),
    ("licence_service_number", "original", _set_licence("original", service_no="3130", issued=-_YEAR, until=5 * _YEAR)),
    ("licence_validity", "original_until", _longer),
    (
        "licence_ends_before_issue",
        "original_until",
        _set_licence("original", service_no="3129", issued=-_YEAR, until=-_YEAR),
    ),
    ("licence_date_in_future", "original", _set_licence("original", service_no="3129", issued=_YEAR, until=5 * _YEAR)),
    ("licence_date_before_act", "original", _set("original", "Л-3129-0001/02.03.2019 г.")),
    (
        "licence_validity",
        "changed_until",
        _set_licence("changed", service_no="3131", issued=timedelta(days=-1), until=7 * _YEAR),
    ),
    (
        "licence_before_original",
        "changed",
        _set_licence("changed", service_no="3131", issued=-6 * _YEAR, until=5 * _YEAR),
    ),
    ("required", "changed_until", _set("changed", "Л-3131-0077/04.10.2023 г.")),
    ("renewal_too_early", "renewed", _set_licence("renewed", service_no="3130", issued=timedelta(0), until=5 * _YEAR)),
    ("licence_not_required", "provider", _set("provider", "Община Примерна")),
)
"""(code, column, what spoils a sound row)."""
