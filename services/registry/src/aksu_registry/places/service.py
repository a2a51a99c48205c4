"""Places: found by their folded address, or entered in the register."""

from uuid_utils.compat import uuid7

from aksu_registry.places.store import PlaceStore
from aksu_shared.db.store import Kept, begins
from aksu_shared.events.registry.places import PlaceRegistered, PlaceState
from aksu_shared.events.scope import row_scope
from aksu_shared.procedures.context import Context


class PlaceService:
    """Finds or registers places."""

    def __init__(self, context: Context) -> None:
        self._store = PlaceStore(context.work)

    async def at(
        self, municipality: str, settlement: str, address: str, *, key: str, known: Kept[PlaceState] | None, body: str
    ) -> PlaceState:
        """The place with this address: the one `known` by its `key`, or registered now."""
        if known is not None:
            return known.state
        await self._store.reserve(key)
        found = await self._store.by_keys([key])
        return found[key].state if found else self.register(municipality, settlement, address, key=key, body=body)

    def register(self, municipality: str, settlement: str, address: str, *, key: str, body: str) -> PlaceState:
        """Enter a new place, where `body` provides; `key` is its identity (`aksu_shared.kernel.address`)."""
        state = PlaceState(
            id=uuid7(),
            key=key,
            municipality=municipality,
            settlement=settlement,
            address=address,
        )
        scope = row_scope(municipality, body, public=True)
        self._store.save(begins(PlaceRegistered, state, id=str(state.id), scope=scope))
        return state
