"""Notes which version of each imported register row was taken over."""

from collections.abc import Collection, Sequence
from typing import Final

from aksu_licensing.register_takeover.tables import RegisterRowTable
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.base import Event
from aksu_shared.events.registry.register_import import RegisterRowImported, RegisterRowState
from aksu_shared.worker.copies import Copies, Copy

_ADMIT: Final = f"""
INSERT INTO {RegisterRowTable.__tablename__} AS r (id, number, service_id, version, scope)
SELECT id, number, service_id, version, string_to_array(scope, ',')
  FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::text[]) AS n(id, number, service_id, version, scope)
 ORDER BY id
ON CONFLICT (id) DO UPDATE SET number = EXCLUDED.number, service_id = EXCLUDED.service_id,
  version = EXCLUDED.version, scope = EXCLUDED.scope, written_at = now()
 WHERE r.version < EXCLUDED.version
RETURNING id"""


class RegisterRowStore:
    """Which version of each imported register row was taken over."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def admit(self, events: Sequence[Event[RegisterRowState]]) -> Collection[str]:
        """Note these versions; gives the ids of the rows that are newer than what was noted."""
        rows = await (await self._begin()).fetch(
            _ADMIT,
            [event.state.id for event in events],
            [event.state.number for event in events],
            [event.state.service_id for event in events],
            [event.version for event in events],
            [",".join(event.scope) for event in events],
        )
        return {str(row["id"]) for row in rows}


COPIES: Final[Copies] = {RegisterRowImported: Copy(table_of(RegisterRowTable), applied_only=True)}
"""Event class of a register row → the note which version was taken over."""
