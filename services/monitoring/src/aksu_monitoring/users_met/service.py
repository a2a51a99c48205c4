"""Users of the service with whom inspectors spoke during an inspection."""

from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_monitoring.schemas.personal import USER_MET, NewUserMet
from aksu_monitoring.storage.aggregates import InspectionStore
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Scope
from aksu_shared.privacy.people import Person
from aksu_shared.privacy.store import SubjectStore

_AGENCY: Final[Scope] = ("b:AKSU",)
"""Nobody but the Agency: neither the provider nor the municipality, of whom users may have complained."""


class UserMetService:
    """Records them; nothing of them is in any event."""

    def __init__(self, *, work: UnitOfWork, inspections: InspectionStore, subjects: SubjectStore) -> None:
        self._work = work
        self._inspections = inspections
        self._subjects = subjects

    async def record(self, inspection: UUID, met: NewUserMet) -> UUID:
        """Record one; gives their subject's id. Raises NotFound."""
        await self._inspections.get(inspection)
        subject = uuid7()
        fields = {name: str(value) for name, value in met.model_dump(exclude_none=True).items()}
        lookup = {"egn": met.egn} if met.egn else {}
        person = Person(subject=subject, kind=USER_MET, row=inspection, fields=fields, scope=_AGENCY, lookup=lookup)
        await self._subjects.add([person], counts_from=self._work.now)
        return subject
