"""The public bodies of the three levels, under their fixed codes."""

from collections.abc import Iterator
from dataclasses import dataclass

from aksu_shared.kernel.territory.tables import Territory

# Oblasts whose administrations are not called after the oblast's name in the table: (bg, en).
_ADMINISTRATION = {
    "SOF": ("Областна администрация – София", "Oblast administration of Sofia (capital)"),
    "SFO": ("Областна администрация – Софийска област", "Oblast administration of Sofia Province"),
}
_RDSP = {
    "SOF": (
        "Регионална дирекция за социално подпомагане – София-град",
        "Regional Directorate for Social Assistance Sofia (capital)",
    ),
    "SFO": (
        "Регионална дирекция за социално подпомагане – Софийска област",
        "Regional Directorate for Social Assistance Sofia Province",
    ),
}
# Municipalities whose own name differs from „Община <name>“.
_MUNICIPALITY = {
    "SOF46": ("Столична община", "Sofia Capital Municipality"),
    "DOB28": ("Община град Добрич", "Municipality of Dobrich (town)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BodySeed:
    """A body known from the start. `kind` is the code's first part; `level` is NATIONAL, OBLAST or MUNICIPALITY."""

    code: str
    kind: str
    level: str
    name_bg: str
    name_en: str
    territory: str
    parent: str | None


def public_bodies(territory: Territory) -> list[BodySeed]:
    """МТСП, АКСУ, АСП, 28 oblast administrations, 28 РДСП and 265 municipalities; parents come before children."""
    return [*_national(), *_oblast(territory), *_municipal(territory)]


def _national() -> Iterator[BodySeed]:
    rows = (
        ("MLSP", "Министерство на труда и социалната политика", "Ministry of Labour and Social Policy", None),
        ("AKSU", "Агенция за качеството на социалните услуги", "Agency for the Quality of Social Services", "MLSP"),
        ("ASP", "Агенция за социално подпомагане", "Agency for Social Assistance", "MLSP"),
    )
    for code, bg, en, parent in rows:
        yield BodySeed(code=code, kind=code, level="NATIONAL", name_bg=bg, name_en=en, territory="BG", parent=parent)


def _oblast(territory: Territory) -> Iterator[BodySeed]:
    for oblast in territory.oblasts:
        bg, en = oblast.name.bg, oblast.name.en
        names = {
            "OBLAST": (None, _ADMINISTRATION, f"Областна администрация – {bg}", f"Oblast administration of {en}"),
            "RDSP": (
                "ASP",
                _RDSP,
                f"Регионална дирекция за социално подпомагане – {bg}",
                f"Regional Directorate for Social Assistance {en}",
            ),
        }
        for kind, (parent, special, name_bg, name_en) in names.items():
            name_bg, name_en = special.get(oblast.code, (name_bg, name_en))  # noqa: PLW2901 - the exception replaces the rule
            yield BodySeed(
                code=f"{kind}:{oblast.code}",
                kind=kind,
                level="OBLAST",
                name_bg=name_bg,
                name_en=name_en,
                territory=oblast.code,
                parent=parent,
            )


def _municipal(territory: Territory) -> Iterator[BodySeed]:
    for area in territory.municipalities:
        usual = (f"Община {area.name.bg}", f"Municipality of {area.name.en}")
        name_bg, name_en = _MUNICIPALITY.get(area.code, usual)
        yield BodySeed(
            code=f"MUNICIPALITY:{area.code}",
            kind="MUNICIPALITY",
            level="MUNICIPALITY",
            name_bg=name_bg,
            name_en=name_en,
            territory=area.code,
            parent=f"OBLAST:{area.parent}",
        )
