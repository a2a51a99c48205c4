"""One row of the register, read: who provides which service where, under which licences."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from aksu_registry.register_import.columns import REGISTER
from aksu_registry.register_import.licence_checks import number_format
from aksu_registry.register_import.wording import address_in, legal_form_of, service_kind_of, target_groups_of
from aksu_registry.services.rules import ServiceKey, service_key
from aksu_shared.kernel.address import PlaceKey, place_key
from aksu_shared.kernel.codelists import SERVICE_KINDS
from aksu_shared.kernel.licence_numbers import parse_number
from aksu_shared.kernel.territory import AmbiguousMunicipality, Territory, UnknownMunicipality
from aksu_shared.workbook import Cell, CellError, RawRow
from aksu_shared.workbook.cells import (
    BadCell,
    bad,
    from_note,
    missing,
    read_day,
    read_eik,
    read_required,
    read_text,
)

_NAME, _LONG = 500, 10_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProvider:
    """The provider as a row names it. `legal_form` is read from the name (`wording.legal_form_of`)."""

    eik: str
    name: str
    legal_form: str
    seat: str

    @property
    def body(self) -> str:
        """Code of the provider as a body: `PROVIDER:<eik>`."""
        return f"PROVIDER:{self.eik}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlace:
    """Where the service is provided. `municipality` is a code; `address` is empty when unknown (see `place_key`)."""

    municipality: str
    settlement: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLicence:
    """One licence of a row; `valid_until` is its last day."""

    number: str
    issued_on: date
    valid_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRow:
    """A readable row. `number` is its number in the sheet; `target_text` keeps the wording behind `target_groups`."""

    number: int
    provider: RowProvider
    place: RowPlace
    service: str
    kind: str
    target_groups: tuple[str, ...]
    target_text: str
    original: RowLicence
    changed: RowLicence | None
    renewed: RowLicence | None
    violations: str | None

    @property
    def activity_groups(self) -> tuple[str, ...]:
        """Activity groups (чл. 15 ЗСУ) that belong to the kind of service."""
        return SERVICE_KINDS[self.kind].activity_groups

    @property
    def row_key(self) -> str:
        """Identity of the row across imports: the number of the original licence."""
        return self.original.number

    @property
    def place_key(self) -> PlaceKey:
        """Identity of the place; where its address is unknown, it is "where this provider works in this settlement"."""
        place = self.place
        return place_key(
            municipality=place.municipality,
            settlement=place.settlement,
            address=place.address,
            eik=self.provider.eik,
        )

    @property
    def service_key(self) -> ServiceKey:
        """Identity of the service within the register."""
        return service_key(
            runs=self.provider.eik,
            place=self.place_key,
            kind=self.kind,
            name=self.service,
            target_groups=self.target_groups,
        )

    @property
    def last_day(self) -> date:
        """The last day that any licence of the row covers."""
        return max(
            licence.valid_until for licence in (self.original, self.changed, self.renewed) if licence is not None
        )


def parse_row(raw: RawRow, *, territory: Territory) -> RegisterRow | list[CellError]:
    """Read a row whose provider cells are filled (`file.carried`); every wrong cell is reported, not just one."""
    read = _Cells(raw)
    name = read("provider", lambda key, cell: read_required(key, cell, longest=_NAME))
    eik = read("eik", read_eik)
    municipality = read("municipality", lambda key, cell: _municipality(key, cell, territory=territory))
    settlement = read("settlement", lambda key, cell: read_required(key, cell, longest=_NAME))
    seat = read("seat", lambda key, cell: read_required(key, cell, longest=_NAME))
    service = read("service", lambda key, cell: read_required(key, cell, longest=_NAME))
    targets = read("target_groups", lambda key, cell: read_required(key, cell, longest=_LONG))
    original = read.licence("original", required=True)
    changed = read.licence("changed", required=False)
    renewed = read.licence("renewed", required=False)
    violations = read("violations", lambda key, cell: read_text(key, cell, longest=_LONG))
    if read.errors or not (name and eik and municipality and settlement and seat and service and targets and original):
        return read.errors
    return RegisterRow(
        number=raw.number,
        provider=RowProvider(eik=eik, name=name, legal_form=legal_form_of(name), seat=seat),
        place=RowPlace(municipality=municipality, settlement=settlement, address=address_in(settlement, seat)),
        service=service,
        kind=service_kind_of(service),
        target_groups=target_groups_of(targets),
        target_text=targets,
        original=original,
        changed=changed,
        renewed=renewed,
        violations=violations,
    )


class _Cells:
    """Reads the cells of one row and gathers their errors in the order of the columns."""

    def __init__(self, raw: RawRow) -> None:
        self._raw = raw
        noted = sorted(raw.notes.items(), key=lambda item: REGISTER.index[item[0]])
        self.errors = [from_note(key, note) for key, note in noted]

    def __call__(self, key: str, read: Callable[[str, Cell], T]) -> T | None:
        if key in self._raw.notes:
            return None
        try:
            return read(key, self._cell(key))
        except BadCell as error:
            self.errors.append(error.error)
            return None

    def licence(self, key: str, *, required: bool) -> RowLicence | None:
        """A licence from its two columns, or None when both are empty and it may be absent."""
        until = f"{key}_until"
        if (
            self._cell(key) is None
            and self._cell(until) is None
            and not required
            and not {key, until} & {*self._raw.notes}
        ):
            return None
        number = self(key, _number)
        valid_until = self(until, _required_day)
        if number is None or valid_until is None:
            return None
        written, issued_on = number
        return RowLicence(number=written, issued_on=issued_on, valid_until=valid_until)

    def _cell(self, key: str) -> Cell:
        return self._raw.cells[REGISTER.index[key]]


def _municipality(key: str, cell: Cell, *, territory: Territory) -> str:
    name = read_required(key, cell, longest=_NAME)
    try:
        return territory.find_municipality(name).code
    except (UnknownMunicipality, AmbiguousMunicipality) as error:
        raise bad(key, error.code, error.message("bg"), error.message("en")) from None


def _number(key: str, cell: Cell) -> tuple[str, date]:
    text = read_required(key, cell, longest=_NAME)
    try:
        number = parse_number(text)
    except ValueError:
        raise BadCell(number_format(key)) from None
    return str(number), number.issued_on


def _required_day(key: str, cell: Cell) -> date:
    if cell is None:
        raise missing(key)
    return read_day(key, cell)
