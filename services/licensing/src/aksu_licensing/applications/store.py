"""Reads and records applications."""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, text

from aksu_licensing.applications.tables import OPEN, ApplicationTable
from aksu_shared.db.store import Kept, Store, rows_where
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.licensing.applications import ApplicationState

_APPLICATION_TABLE = table_of(ApplicationTable)
_OPEN_APPLICATIONS = rows_where(
    _APPLICATION_TABLE,
    (_APPLICATION_TABLE.c.service_id == bindparam("service"))
    & (_APPLICATION_TABLE.c.provider_id == bindparam("provider"))
    & text(OPEN),
    lock=False,
)

OVER: Final = """EXISTS (
  SELECT FROM application AS a
   WHERE a.id = r.application_id AND (a.state_group = 'ENDED' OR a.state IN ('NOTIFIED', 'UPHELD')))"""
"""SQL on a row `r` of what is attached to an application: that ended, or its order stands and is communicated."""


class ApplicationStore(Store[ApplicationState]):
    """Applications."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, _APPLICATION_TABLE, ApplicationState)

    async def open(self, *, provider: UUID, service: UUID) -> Kept[ApplicationState] | None:
        """The provider's undecided application for this service."""
        found = await self.find(_OPEN_APPLICATIONS, provider=provider, service=service)
        return found[0] if found else None
