"""Territory: established from the packaged tables when a fresh registry starts."""

from aksu_registry.territory.rules import territory_scope, territory_state
from aksu_registry.territory.tables import TerritoryTable
from aksu_shared.db.store import Store, begins
from aksu_shared.db.tables import table_of
from aksu_shared.events.registry.territory import TerritoryAmended, TerritoryEstablished, TerritoryState
from aksu_shared.kernel import territory
from aksu_shared.procedures.context import Context


class TerritoryService:
    """Brings territories to the packaged tables; what is already so does not change."""

    def __init__(self, context: Context) -> None:
        self._store = Store(context.work, table_of(TerritoryTable), TerritoryState)

    async def establish(self) -> int:
        """Record what is new or differs; gives the number of changes.

        Raises ValueError when the tables do not add up.
        """
        areas = territory.load().areas
        kept = await self._store.get_many(areas)
        changes = 0
        for area in areas.values():
            state = territory_state(area)
            if area.code not in kept:
                scope = territory_scope(area.code, area.level)
                self._store.save(begins(TerritoryEstablished, state, id=area.code, scope=scope))
            elif kept[area.code].state != state:
                self._store.save(kept[area.code].becomes(TerritoryAmended, **state.model_dump()))
            else:
                continue
            changes += 1
        return changes
