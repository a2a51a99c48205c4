"""Facts of the territory: the nation, planning regions, oblasts, municipalities."""

from datetime import date
from typing import Annotated

from aksu_shared.events.base import Event, State
from aksu_shared.kernel.schemas.codes import CodeOf


class TerritoryState(State):
    """The nation, a planning region (NUTS 2), an oblast or a municipality; persons by Census 07.09.2021."""

    code: str
    level: Annotated[str, CodeOf("territory_levels")]
    name_bg: str
    name_en: str
    parent: str | None
    nuts: str | None
    population: int
    age0_14: int
    age65plus: int
    valid_from: date
    valid_to: date | None = None


class TerritoryEvent(Event[TerritoryState], aggregate="registry.territory"):
    """About a territory."""


class TerritoryEstablished(TerritoryEvent, fact="established"):
    """A territory exists from its `valid_from`."""


class TerritoryAmended(TerritoryEvent, fact="amended"):
    """A territory's name, parent, figures or validity changed."""
