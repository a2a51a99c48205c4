"""Who took part in which inspection."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Scope

_ADD: Final = """
INSERT INTO inspection_duty (inspection_id, part, subject, scope)
SELECT $1, $2, s, $4 FROM unnest($3::text[]) AS s ON CONFLICT DO NOTHING"""
_PARTS: Final = """
SELECT part, array_agg(subject) AS subjects FROM inspection_duty WHERE inspection_id = $1 GROUP BY part"""


class DutyStore:
    """Takes parts down and tells them."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def add(self, inspection: UUID, part: str, subjects: Iterable[str], scope: Scope) -> None:
        """Note that these had this part."""
        await (await self._begin()).execute(_ADD, inspection, part, list(subjects), list(scope))

    async def parts(self, inspection: UUID) -> Mapping[str, frozenset[str]]:
        """Part → who had it."""
        rows = await (await self._begin()).fetch(_PARTS, inspection)
        return {row["part"]: frozenset(row["subjects"]) for row in rows}
