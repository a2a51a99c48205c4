"""The territory of Bulgaria as of Census 2021: planning regions, oblasts, municipalities, and their bodies."""

from aksu_shared.kernel.territory.bodies import BodySeed, public_bodies
from aksu_shared.kernel.territory.names import fold, fold_municipality, fold_settlement
from aksu_shared.kernel.territory.tables import (
    AmbiguousMunicipality,
    Area,
    Level,
    Territory,
    UnknownMunicipality,
    UnknownTerritory,
    load,
)

__all__ = [
    "AmbiguousMunicipality",
    "Area",
    "BodySeed",
    "Level",
    "Territory",
    "UnknownMunicipality",
    "UnknownTerritory",
    "fold",
    "fold_municipality",
    "fold_settlement",
    "load",
    "public_bodies",
]
