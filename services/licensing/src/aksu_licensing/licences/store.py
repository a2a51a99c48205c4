"""Reads and records licences."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import any_, bindparam

from aksu_licensing.licences.tables import LicenceTable
from aksu_shared.db.store import Kept, Store, rows_where
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.licensing.licences import LicenceState

_LICENCE_TABLE = table_of(LicenceTable)
_LIVE_LICENCES = rows_where(
    _LICENCE_TABLE,
    (_LICENCE_TABLE.c.service_id == bindparam("service"))
    & (_LICENCE_TABLE.c.provider_id == bindparam("provider"))
    & (_LICENCE_TABLE.c.state_group == "LIVE")
    & (_LICENCE_TABLE.c.valid_until >= bindparam("first")),
)
_TOUCHED_LICENCES = rows_where(
    _LICENCE_TABLE,
    (_LICENCE_TABLE.c.register_row_id == any_(bindparam("rows")))
    | (_LICENCE_TABLE.c.number == any_(bindparam("numbers")))
    | ((_LICENCE_TABLE.c.service_id == any_(bindparam("services"))) & (_LICENCE_TABLE.c.state_group == "LIVE")),
)

_REVOKED_LICENCES = rows_where(
    _LICENCE_TABLE,
    (_LICENCE_TABLE.c.provider_body == bindparam("body"))
    & ((_LICENCE_TABLE.c.state == "REVOKED") | (_LICENCE_TABLE.c.state == "REVOKED_FINAL"))
    & (_LICENCE_TABLE.c.ended_on >= bindparam("since")),
    lock=False,
)


class LicenceStore(Store[LicenceState]):
    """Licences."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, _LICENCE_TABLE, LicenceState)

    async def live(self, *, provider: UUID, service: UUID, first: date) -> list[Kept[LicenceState]]:
        """The provider's licences for this service that have effect on `first` or later, locked."""
        return await self.find(_LIVE_LICENCES, provider=provider, service=service, first=first)

    async def revoked(self, body: str, *, since: date) -> list[Kept[LicenceState]]:
        """Licences of the provider `body` that a revocation ended on `since` or later."""
        return await self.find(_REVOKED_LICENCES, body=body, since=since)

    async def touched_by(
        self, *, rows: Iterable[UUID], numbers: Iterable[str], services: Iterable[UUID]
    ) -> list[Kept[LicenceState]]:
        """Licences made from these register rows, of these numbers, or live ones of these services; locked."""
        return await self.find(_TOUCHED_LICENCES, rows=list(rows), numbers=list(numbers), services=list(services))
