"""Sample rows of the Agency's register: providers over all oblasts with every licence situation, made from a seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Final

from aksu_local.sample_names import FIRST_NAMES, SERVICES, STREETS, TOWNS, VIOLATIONS, WORDS
from aksu_shared.kernel.eik import random_eik
from aksu_shared.kernel.terms import Terms, is_working_day, load_terms
from aksu_shared.kernel.territory import Territory, load
from aksu_shared.workbook import format_day

SITUATIONS: Final = ("original", "changed", "renewed", "changed_renewed", "expiring", "expired")
_WEIGHTS: Final = (52, 16, 10, 4, 10, 8)
_FIRST_ISSUE: Final = date(2020, 7, 6)
_SERVICE_NO: Final = {"original": "3129", "changed": "3131", "renewed": "3130"}
_LEGAL_FORMS: Final = (
    "NGO",
    "NGO",
    "NGO",
    "COMPANY",
    "COMPANY",
    "SOLE_TRADER",
    "MUNICIPAL_LEGAL_ENTITY",
    "EU_EEA_ENTITY",
)
_MOST_SERVICES: Final = 6
_SHARE_WITH_VIOLATIONS: Final = 0.08
_SHARE_ELSEWHERE: Final = 0.2


@dataclass(slots=True)
class SampleLicence:
    """A licence column pair; `sequence` is given once all days are known, in their order."""

    column: str
    issued_on: date
    valid_until: date
    sequence: int = 0

    @property
    def number(self) -> str:
        """As the register writes it, with „г.“."""
        return f"Л-{_SERVICE_NO[self.column]}-{self.sequence}/{format_day(self.issued_on)}"


@dataclass(slots=True)
class SampleService:
    """One row: where, what, for whom, under which licences."""

    municipality: str
    settlement: str
    name: str
    target_groups: str
    situation: str
    licences: list[SampleLicence]
    violations: str | None


@dataclass(slots=True)
class SampleProvider:
    """A provider with its services; `repeats` says whether its name stands on every row or only on the first."""

    name: str
    eik: str
    legal_form: str
    seat: str
    repeats: bool
    services: list[SampleService] = field(default_factory=list)


def sample_providers(
    *, seed: int, today: date, providers: int, services: int, first_licence: int = 1
) -> list[SampleProvider]:
    """At least so many providers and services; the same seed and day give the same list.

    `today` must lie late enough for licences of five years to have expired (from 2026 on).
    """
    maker = _Maker(seed=seed, today=today)
    made: list[SampleProvider] = []
    while len(made) < providers or sum(len(provider.services) for provider in made) < services:
        made.append(maker.provider(len(made)))
    _number(made, first=first_licence)
    return made


def rows_of(providers: Sequence[SampleProvider], *, territory: Territory) -> Iterator[list[str | int | None]]:
    """The 15 cells of each row, in the Agency's order; a provider's further rows have no number."""
    for number, provider in enumerate(providers, start=1):
        for index, service in enumerate(provider.services):
            first = index == 0
            shown = first or provider.repeats
            yield [
                number if first else None,
                provider.name if shown else None,
                provider.eik if shown else None,
                municipality_label(service.municipality, territory=territory),
                service.settlement,
                provider.seat if shown else None,
                service.name,
                service.target_groups,
                *_licence_cells(service.licences),
                service.violations,
            ]


def municipality_label(code: str, *, territory: Territory) -> str:
    """The municipality's name; a namesake carries its oblast."""
    area = territory[code]
    namesakes = {code for codes in territory.ambiguous_names.values() for code in codes}
    return f"{area.name.bg} ({territory[area.parent or 'BG'].name.bg})" if code in namesakes else area.name.bg


def _licence_cells(licences: Sequence[SampleLicence]) -> list[str | None]:
    by_column = {licence.column: licence for licence in licences}
    cells: list[str | None] = []
    for column in _SERVICE_NO:
        licence = by_column.get(column)
        cells += [licence.number, format_day(licence.valid_until)] if licence else [None, None]
    return cells


def _number(providers: Sequence[SampleProvider], *, first: int) -> None:
    """One continuous sequence over all licences, in the order of their days."""
    licences = [lic for provider in providers for service in provider.services for lic in service.licences]
    for sequence, licence in enumerate(sorted(licences, key=lambda lic: lic.issued_on), start=first):
        licence.sequence = sequence


class _Maker:
    """Draws providers, services and licences from one random generator."""

    def __init__(self, *, seed: int, today: date) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - sample data, to be repeatable
        self._today = today
        self._terms: Terms = load_terms()
        self._territory = load()
        self._eiks: set[str] = set()
        self._house = count(1)
        self._situations = self._situation()

    def provider(self, index: int) -> SampleProvider:
        """A provider; the first ones go round the oblasts and the legal forms, so that each occurs."""
        oblast = self._territory.oblasts[index % len(self._territory.oblasts)].code
        municipality, settlement = self._rng.choice([town for town in TOWNS if town[0].startswith(oblast)])
        form = _LEGAL_FORMS[(index + index // len(_LEGAL_FORMS)) % len(_LEGAL_FORMS)]
        provider = SampleProvider(
            name=self._name(form, index),
            eik=self._eik(branch=form == "EU_EEA_ENTITY"),
            legal_form=form,
            seat=f"{settlement}, {self._street()}",
            repeats=index % 2 == 0,
        )
        for name, targets in self._rng.sample(SERVICES, self._rng.randint(1, _MOST_SERVICES)):
            provider.services.append(self._service(name, targets, at=(municipality, settlement)))
        return provider

    def _service(self, name: str, targets: str, *, at: tuple[str, str]) -> SampleService:
        oblast = at[0][:3]
        elsewhere = self._rng.random() < _SHARE_ELSEWHERE
        municipality, settlement = self._rng.choice([t for t in TOWNS if t[0].startswith(oblast)]) if elsewhere else at
        situation = next(self._situations)
        violations = None
        if self._rng.random() < _SHARE_WITH_VIOLATIONS:
            day = self._today - timedelta(days=self._rng.randint(20, 300))
            violations = self._rng.choice(VIOLATIONS).format(day=format_day(day))
        return SampleService(
            municipality=municipality,
            settlement=settlement,
            name=name,
            target_groups=targets,
            situation=situation,
            licences=self._licences(situation),
            violations=violations,
        )

    def _situation(self) -> Iterator[str]:
        """Each situation once, then by weight."""
        yield from SITUATIONS
        while True:
            yield self._rng.choices(SITUATIONS, weights=_WEIGHTS)[0]

    def _licences(self, situation: str) -> list[SampleLicence]:
        day = timedelta(days=1)
        today, five_years_ago = self._today, self._terms.window_start("licence.validity", self._today)
        match situation:
            case "original":
                return [self._original(five_years_ago + 120 * day, today - 10 * day)]
            case "changed":
                first = self._original(five_years_ago + 120 * day, today - 120 * day)
                return [first, self._changed(first)]
            case "renewed":
                first = self._original(_FIRST_ISSUE, five_years_ago)
                return [first, self._renewed(first)]
            case "changed_renewed":
                first = self._original(_FIRST_ISSUE, five_years_ago)
                changed = self._changed(first, latest=first.valid_until - 120 * day)
                return [first, changed, self._renewed(changed)]
            case "expiring":
                window_end = self._terms.get("licensing.renewal_window", on=today)
                last = today + 28 * window_end.length * day
                return [self._original(five_years_ago + day, self._terms.window_start("licence.validity", last))]
            case _:
                return [self._original(_FIRST_ISSUE, five_years_ago - day)]

    def _original(self, earliest: date, latest: date) -> SampleLicence:
        issued = self._working_day(earliest, latest)
        return SampleLicence("original", issued, self._terms.deadline("licence.validity", issued))

    def _changed(self, before: SampleLicence, *, latest: date | None = None) -> SampleLicence:
        issued = self._working_day(before.issued_on + timedelta(days=30), latest or self._today - timedelta(days=5))
        return SampleLicence("changed", issued, before.valid_until)

    def _renewed(self, before: SampleLicence) -> SampleLicence:
        window = self._terms.window_start("licensing.renewal_window", before.valid_until)
        issued = self._working_day(window, min(before.valid_until, self._today))
        return SampleLicence("renewed", issued, self._terms.deadline("licence.validity", before.valid_until))

    def _working_day(self, earliest: date, latest: date) -> date:
        """A working day between the two, both included."""
        days = (latest - earliest).days + 1
        first = self._rng.randrange(days)
        candidates = (earliest + timedelta(days=(first + n) % days) for n in range(days))
        return next(day for day in candidates if is_working_day(day))

    def _eik(self, *, branch: bool) -> str:
        while (eik := random_eik(self._rng, branch=branch)) in self._eiks:
            pass
        self._eiks.add(eik)
        return eik

    def _name(self, form: str, index: int) -> str:
        word = f"{self._rng.choice(WORDS)} {index + 1}"
        match form:
            case "NGO":
                return self._rng.choice((f"Примерна фондация „{word}“", f"Примерно сдружение „{word}“"))
            case "COMPANY":
                return f"„Примерен дом {word}“ {self._rng.choice(('ЕООД', 'ООД', 'АД'))}"
            case "SOLE_TRADER":
                return f"ЕТ „Пример {word} – {self._rng.choice(FIRST_NAMES)} Примеров“"
            case "MUNICIPAL_LEGAL_ENTITY":
                return f"Общинско предприятие „Примерни социални услуги {word}“"
            case _:
                return f"„Beispiel Pflege {index + 1}“ GmbH – клон България"

    def _street(self) -> str:
        return f"ул. „{self._rng.choice(STREETS)}“ № {next(self._house)}"
