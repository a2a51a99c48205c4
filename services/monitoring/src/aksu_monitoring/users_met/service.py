"""Users of the service with whom inspectors spoke during an inspection."""

from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_monitoring.inspections.store import DutyStore, InspectionStore
from aksu_monitoring.places.rules import AGENCY
from aksu_monitoring.users_met.schemas import USER_MET, NewUserMet
from aksu_shared.privacy.people import Person
from aksu_shared.privacy.store import SubjectStore
from aksu_shared.procedures.context import Context


class UserMetService:
    """Records them, for the Agency alone: they may have complained of provider and municipality. No event has them."""

    def __init__(self, context: Context) -> None:
        self._work = context.work
        self._inspections = InspectionStore(context.work)
        self._subjects = SubjectStore(context.work, context.keys)

    async def record(self, inspection: UUID, met: NewUserMet) -> UUID:
        """Record one; gives their subject's id. Raises NotFound, NotOfTeam."""
        found = await self._inspections.get(inspection)
        await DutyStore(self._work).expect_member(found.state, self._work.actor.subject)
        subject = uuid7()
        fields = {name: str(value) for name, value in met.model_dump(exclude_none=True).items()}
        lookup = {"egn": met.egn} if met.egn else {}
        person = Person(subject=subject, kind=USER_MET, row=inspection, fields=fields, scope=AGENCY, lookup=lookup)
        await self._subjects.add([person], counts_from=self._work.now)
        return subject
