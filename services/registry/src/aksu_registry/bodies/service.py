"""Bodies: the public ones are established from the packaged tables, a provider's with the provider."""

from aksu_registry.bodies.tables import BodyTable
from aksu_registry.territory.rules import territory_scope
from aksu_shared.db.store import Store, begins
from aksu_shared.db.tables import table_of
from aksu_shared.events import Scope
from aksu_shared.events.registry.bodies import BodyAmended, BodyEstablished, BodyState
from aksu_shared.kernel import territory
from aksu_shared.procedures.context import Context


class BodyService:
    """Records who acts on the three levels."""

    def __init__(self, context: Context) -> None:
        self._store = Store(context.work, table_of(BodyTable), BodyState)

    async def establish(self) -> int:
        """Bring the public bodies to the packaged tables: record what is new or differs; gives the number of changes.

        Raises ValueError when the tables do not add up.
        """
        tables = territory.load()
        seeds = territory.public_bodies(tables)
        kept = await self._store.get_many(seed.code for seed in seeds)
        changes = 0
        for seed in seeds:
            state = BodyState.model_validate(seed, from_attributes=True)
            if seed.code not in kept:
                scope = territory_scope(seed.territory, tables[seed.territory].level)
                self.enter(state, scope=(*scope, f"b:{seed.code}"))
            elif kept[seed.code].state != state:
                self._store.save(kept[seed.code].becomes(BodyAmended, **state.model_dump()))
            else:
                continue
            changes += 1
        return changes

    async def move(self, code: str, *, territory: str | None, scope: Scope) -> None:
        """Bring the body of a provider to the seat of the provider."""
        kept = await self._store.get(code)
        self._store.save(kept.becomes(BodyAmended, scope=scope, territory=territory))

    def enter(self, body: BodyState, *, scope: Scope) -> None:
        """Record a body that is new."""
        self._store.save(begins(BodyEstablished, body, id=body.code, scope=scope))
