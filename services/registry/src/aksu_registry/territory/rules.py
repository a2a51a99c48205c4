"""Which scope keys a territory carries, and what the packaged tables say of it."""

from aksu_shared.events import Scope
from aksu_shared.events.registry.territory import TerritoryState
from aksu_shared.events.scope import row_scope
from aksu_shared.kernel import territory


def territory_scope(code: str, level: territory.Level) -> Scope:
    """Territory is public; an oblast or municipality also carries its own keys."""
    if level is territory.Level.MUNICIPALITY:
        return row_scope(code, public=True)
    return (*row_scope(None, public=True), *((code,) if level is territory.Level.OBLAST else ()))


def territory_state(area: territory.Area) -> TerritoryState:
    """A territory as the packaged tables have it."""
    return TerritoryState(
        code=area.code,
        level=area.level,
        name_bg=area.name.bg,
        name_en=area.name.en,
        parent=area.parent,
        nuts=area.nuts,
        population=area.population,
        age0_14=area.age0_14,
        age65plus=area.age65plus,
        valid_from=area.valid_from,
    )
