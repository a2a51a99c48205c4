"""Territories as callers get them."""

from datetime import date

from aksu_shared.kernel.schemas.base import Versioned


class TerritoryRead(Versioned):
    """One territory. Persons by Census 07.09.2021."""

    code: str
    level: str
    name_bg: str
    name_en: str
    parent: str | None
    nuts: str | None
    population: int
    age0_14: int
    age65plus: int
    valid_from: date
    valid_to: date | None
