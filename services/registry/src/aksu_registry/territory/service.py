"""Territory and public bodies: established from the packaged tables when a fresh registry starts."""

from aksu_registry.storage import BodyStore, TerritoryStore
from aksu_shared import territory
from aksu_shared.db.store import begins
from aksu_shared.events import Scope
from aksu_shared.events.registry import (
    BodyAmended,
    BodyEstablished,
    BodyState,
    TerritoryAmended,
    TerritoryEstablished,
    TerritoryState,
)
from aksu_shared.scope import row_scope


class TerritoryService:
    """Brings territory and bodies to the packaged tables; what is already so does not change."""

    def __init__(self, *, territories: TerritoryStore, bodies: BodyStore) -> None:
        self._territories = territories
        self._bodies = bodies

    async def establish(self) -> int:
        """Record what is new or differs; gives the number of changes.

        Raises ValueError when the tables do not add up.
        """
        tables = territory.load()
        return await self._areas(tables) + await self._public_bodies(tables)

    async def _areas(self, tables: territory.Territory) -> int:
        kept = await self._territories.get_many(tables.areas)
        changes = 0
        for area in tables.areas.values():
            state = _territory_state(area)
            if area.code not in kept:
                scope = _scope(area.code, area.level)
                self._territories.save(begins(TerritoryEstablished, state, id=area.code, scope=scope))
            elif kept[area.code].state != state:
                self._territories.save(kept[area.code].becomes(TerritoryAmended, **state.model_dump()))
            else:
                continue
            changes += 1
        return changes

    async def _public_bodies(self, tables: territory.Territory) -> int:
        seeds = tables.bodies()
        kept = await self._bodies.get_many(seed.code for seed in seeds)
        changes = 0
        for seed in seeds:
            state = BodyState.model_validate(seed, from_attributes=True)
            if seed.code not in kept:
                scope = _scope(seed.territory, tables[seed.territory].level)
                self._bodies.save(begins(BodyEstablished, state, id=seed.code, scope=(*scope, f"b:{seed.code}")))
            elif kept[seed.code].state != state:
                self._bodies.save(kept[seed.code].becomes(BodyAmended, **state.model_dump()))
            else:
                continue
            changes += 1
        return changes


def _territory_state(area: territory.Area) -> TerritoryState:
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


def _scope(code: str, level: territory.Level) -> Scope:
    """Territory is public; an oblast or municipality also carries its own keys."""
    if level is territory.Level.MUNICIPALITY:
        return row_scope(code, public=True)
    return (*row_scope(None, public=True), *((code,) if level is territory.Level.OBLAST else ()))
