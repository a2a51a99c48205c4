"""Territory as data: the tables, their checks on load, and look-up by code and by name."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property, lru_cache
from importlib import resources
from types import MappingProxyType

from aksu_shared.kernel.errors import Malformed, Text
from aksu_shared.kernel.territory.names import fold, fold_municipality, fold_oblast

NATION = "BG"
VALID_FROM = date(2015, 1, 1)
"""Since this day there are 265 municipalities (Сърница was the last to be formed)."""

_PER_REGION = {"BG31": 51, "BG32": 36, "BG33": 35, "BG34": 33, "BG41": 52, "BG42": 58}
_OBLASTS = 28
_NATION_PERSONS = (6_519_789, 917_722, 1_532_667)
# Names in use that are not the municipality's own and belong to no other one.
_ALIASES = {
    "софия": "SOF46",
    "софия град": "SOF46",
    "софия столица": "SOF46",
    "добрич": "DOB28",
    "добрич селска": "DOB15",
}
# „Бяла (Русе)“, „Бяла, обл. Варна“: a name followed by its oblast.
_TOWN = re.compile(r"(?:град|гр) (?P<name>.+)")
_WITH_OBLAST = re.compile(r"^(?P<name>[^,(]+)[,(]\s*(?P<oblast>[^)]+)\)?\s*$")


class Level(StrEnum):
    """Levels of territory."""

    NATION = "NATION"
    REGION = "REGION"
    OBLAST = "OBLAST"
    MUNICIPALITY = "MUNICIPALITY"


class UnknownTerritory(Malformed):
    """No territory has the code `given`."""

    code = "unknown_territory"
    bg = "Няма територия с код „{given}“."
    en = "There is no territory with code '{given}'."


class UnknownMunicipality(Malformed):
    """No municipality has the name `given`, in the oblast named with it."""

    code = "unknown_municipality"
    bg = "Няма община „{given}“."
    en = "There is no municipality '{given}'."


class AmbiguousMunicipality(Malformed):
    """Several municipalities have the name `given`; `candidates` names them with their oblasts."""

    code = "ambiguous_municipality"
    bg = "Общината „{given}“ не е еднозначна: {candidates}. Посочете и областта."
    en = "The municipality '{given}' is ambiguous: {candidates}. Name the oblast too."


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One territory. Persons by Census 2021 (07.09.2021); `seat_ekatte` is its seat's ЕКАТТЕ code."""

    code: str
    level: Level
    name: Text
    parent: str | None
    nuts: str | None
    population: int
    age0_14: int
    age65plus: int
    seat_ekatte: str | None = None
    valid_from: date = VALID_FROM

    @property
    def persons(self) -> tuple[int, int, int]:
        """(all, 0–14, 65 and more)."""
        return self.population, self.age0_14, self.age65plus


class Territory:
    """All areas by code. Immutable; `load()` gives the packaged one."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self.areas: Mapping[str, Area] = MappingProxyType({area.code: area for area in areas})

    def __getitem__(self, code: str) -> Area:
        """The area with `code`, or `UnknownTerritory`."""
        try:
            return self.areas[code]
        except KeyError:
            raise UnknownTerritory(given=code) from None

    def __contains__(self, code: object) -> bool:
        """Whether an area has this code."""
        return code in self.areas

    @cached_property
    def regions(self) -> tuple[Area, ...]:
        """The 6 planning regions (NUTS 2)."""
        return self._of(Level.REGION)

    @cached_property
    def oblasts(self) -> tuple[Area, ...]:
        """The 28 oblasts."""
        return self._of(Level.OBLAST)

    @cached_property
    def municipalities(self) -> tuple[Area, ...]:
        """The 265 municipalities."""
        return self._of(Level.MUNICIPALITY)

    def children(self, code: str) -> tuple[Area, ...]:
        """Areas directly under `code`."""
        return tuple(area for area in self.areas.values() if area.parent == self[code].code)

    def ancestors(self, code: str) -> tuple[Area, ...]:
        """From the nation down to the area itself, planning region included."""
        chain = [self[code]]
        while chain[-1].parent is not None:
            chain.append(self.areas[chain[-1].parent])
        return tuple(reversed(chain))

    def path(self, code: str) -> tuple[str, ...]:
        """Scope keys of the area, widest first: `("BG", "BLG", "BLG01")`. Planning regions are no scope."""
        return tuple(area.code for area in self.ancestors(code) if area.level is not Level.REGION)

    def find_municipality(self, name: str, *, oblast: str | None = None) -> Area:
        """The municipality with this name, however typed; `oblast` (code or name) tells namesakes apart.

        The name may carry its oblast: „Бяла (Русе)“, „Бяла, обл. Варна“. Raises `UnknownMunicipality` or
        `AmbiguousMunicipality`.
        """
        bare, inside = name, oblast
        if oblast is None and (match := _WITH_OBLAST.match(name)):
            bare, inside = match["name"], match["oblast"]
        found = self._named(bare)
        if inside is not None:
            wanted = self._oblast_codes(inside)
            found = tuple(area for area in found if area.parent in wanted)
        if not found:
            raise UnknownMunicipality(given=name.strip())
        if len(found) > 1:
            raise AmbiguousMunicipality(given=name.strip(), candidates=self._candidates(found))
        return found[0]

    def named_by_town(self, settlement: str) -> tuple[str, ...]:
        """Codes of the municipalities that bear the name of this town, „гр. Варна“; empty for villages and others."""
        folded = fold(settlement.split(",", maxsplit=1)[0])
        town = _TOWN.match(folded)
        return tuple(area.code for area in self._named(town["name"])) if town else ()

    @cached_property
    def ambiguous_names(self) -> Mapping[str, tuple[str, ...]]:
        """Folded names that several municipalities share → their codes."""
        return {name: tuple(a.code for a in found) for name, found in self._by_name.items() if len(found) > 1}

    def check(self) -> None:
        """Raise `ValueError` unless the counts per region and the Census sums hold at every level."""
        if len(self.oblasts) != _OBLASTS:
            _fail(f"{len(self.oblasts)} oblasts instead of {_OBLASTS}")
        for region, expected in _PER_REGION.items():
            count = sum(len(self.children(oblast.code)) for oblast in self.children(region))
            if count != expected:
                _fail(f"region {region} has {count} municipalities instead of {expected}")
        for area in (area for area in self.areas.values() if area.level is not Level.MUNICIPALITY):
            if _sum(self.children(area.code)) != area.persons:
                _fail(f"Census figures of {area.code} differ from the sum of its parts")
        if self[NATION].persons != _NATION_PERSONS:
            _fail("Census figures of the nation are not those published")

    def _of(self, level: Level) -> tuple[Area, ...]:
        return tuple(area for area in self.areas.values() if area.level is level)

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Area, ...]]:
        names: defaultdict[str, list[Area]] = defaultdict(list)
        for area in self.municipalities:
            names[fold(area.name.bg)].append(area)
        return {name: tuple(found) for name, found in names.items()}

    def _named(self, name: str) -> tuple[Area, ...]:
        folded = fold_municipality(name)
        if folded in _ALIASES:
            return (self.areas[_ALIASES[folded]],)
        return self._by_name.get(folded, ())

    def _oblast_codes(self, text: str) -> set[str]:
        folded = fold_oblast(text)
        return {
            oblast.code
            for oblast in self.oblasts
            if text.strip().upper() == oblast.code
            or folded == fold(oblast.name.bg)
            or (oblast.code, folded) in _OBLAST_ALIASES
        }

    def _candidates(self, found: Iterable[Area]) -> str:
        return ", ".join(f"{area.name.bg} ({self.areas[area.parent or NATION].name.bg})" for area in found)


# „област София“ is said of both, the capital's and the province's; the table gives the bare name to the province.
_OBLAST_ALIASES = {("SFO", "софийска"), ("SOF", "софия"), ("SOF", "софия град")}


@lru_cache(maxsize=1)
def load() -> Territory:
    """The packaged territory, checked. Raises `ValueError` when the data does not add up."""
    municipalities = [_municipality(row) for row in _rows("municipalities.csv")]
    oblasts = [_oblast(row) for row in _rows("oblasts.csv")]
    regions = [_region(row, oblasts) for row in _rows("regions.csv")]
    nation = _area(NATION, Level.NATION, Text("България", "Bulgaria"), parent=None, nuts=NATION, persons=_sum(regions))
    territory = Territory([nation, *regions, *oblasts, *municipalities])
    territory.check()
    return territory


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _municipality(row: Mapping[str, str]) -> Area:
    name = Text(row["name_bg"], row["name_en"])
    code, parent, seat = row["code"], row["oblast"], row["seat_ekatte"]
    return _area(code, Level.MUNICIPALITY, name, parent=parent, nuts=None, persons=_persons(row), seat_ekatte=seat)


def _oblast(row: Mapping[str, str]) -> Area:
    name = Text(row["name_bg"], row["name_en"])
    return _area(row["code"], Level.OBLAST, name, parent=row["region"], nuts=row["nuts3"], persons=_persons(row))


def _region(row: Mapping[str, str], oblasts: Iterable[Area]) -> Area:
    persons = _sum(oblast for oblast in oblasts if oblast.parent == row["code"])
    name = Text(row["name_bg"], row["name_en"])
    return _area(row["code"], Level.REGION, name, parent=NATION, nuts=row["code"], persons=persons)


def _area(
    code: str,
    level: Level,
    name: Text,
    *,
    parent: str | None,
    nuts: str | None,
    persons: tuple[int, int, int],
    seat_ekatte: str | None = None,
) -> Area:
    population, age0_14, age65plus = persons
    return Area(
        code=code,
        level=level,
        name=name,
        parent=parent,
        nuts=nuts,
        population=population,
        age0_14=age0_14,
        age65plus=age65plus,
        seat_ekatte=seat_ekatte,
    )


def _persons(row: Mapping[str, str]) -> tuple[int, int, int]:
    return int(row["population"]), int(row["age0_14"]), int(row["age65plus"])


def _sum(areas: Iterable[Area]) -> tuple[int, int, int]:
    columns = [area.persons for area in areas]
    return sum(c[0] for c in columns), sum(c[1] for c in columns), sum(c[2] for c in columns)


def _fail(what: str) -> None:
    msg = f"territory tables: {what}"
    raise ValueError(msg)
