"""Checks of those who manage or represent applicants: each is sealed under a key of its own."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_licensing.applications.rules import AGENCY
from aksu_licensing.applications.service import ApplicationService
from aksu_licensing.applications.store import OVER
from aksu_licensing.checks.schemas import NewManagerCheck
from aksu_licensing.checks.tables import ManagerCheckTable
from aksu_licensing.conditions.rules import MANAGER_CHECK, NOT_MET, REQUIRED, Finding
from aksu_shared.auth.principal import Principal
from aksu_shared.db.store import Kept, Store, begins
from aksu_shared.db.tables import table_of
from aksu_shared.events.licensing.applications import ApplicationState
from aksu_shared.events.licensing.checks import ManagerCheckRecorded, ManagerCheckState
from aksu_shared.privacy.holdings import Holding, Holdings
from aksu_shared.privacy.people import Person
from aksu_shared.privacy.store import SubjectStore
from aksu_shared.procedures.context import Context

MANAGER: Final = "application.manager"
"""Class of data, as `retention.toml` has it."""
HOLDINGS: Final[Holdings] = {MANAGER: Holding(table="manager_check", over=OVER)}
"""Needed until the application is decided for good."""

CONDITIONS: Final[Mapping[str, str]] = {"CRIMINAL_RECORD": "NOT_CONVICTED", "LICENCE_REGISTER": "NO_BAR_REVOKED"}
"""Register in which somebody was looked up → the condition that an obstacle found there is about."""


class ManagerCheckService:
    """Records checks of managers."""

    def __init__(self, context: Context) -> None:
        self._work = context.work
        self._applications = ApplicationService(context)
        self._checks = Store(context.work, table_of(ManagerCheckTable), ManagerCheckState)
        self._subjects = SubjectStore(context.work, context.keys)

    async def record(self, application_id: UUID, check: NewManagerCheck, *, by: Principal) -> Kept[ManagerCheckState]:
        """Record what a register says of somebody, for the Agency alone.

        Raises NotFound, Forbidden, ApplicationDecided.
        """
        application = await self._applications.undecided(application_id, right="licensing.manager_check.record", by=by)
        await self._mark(application.state, check, by=by)
        state = ManagerCheckState(
            id=uuid7(),
            application_id=application_id,
            position=check.position,
            source=check.source,
            checked_at=self._work.now,
            checked_by=by.subject,
        )
        person = Person(
            subject=uuid7(),
            kind=MANAGER,
            row=state.id,
            fields={"name": check.name, "egn": check.egn, "result": check.result},
            scope=AGENCY,
            lookup={"egn": check.egn},
        )
        await self._subjects.add([person], counts_from=self._work.now)
        return self._checks.save(begins(ManagerCheckRecorded, state, id=str(state.id), scope=AGENCY))

    async def _mark(self, application: ApplicationState, check: NewManagerCheck, *, by: Principal) -> None:
        """An obstacle found is a condition not met; whose it is stays sealed."""
        condition = CONDITIONS.get(check.source)
        if check.result == "ADVERSE" and condition in REQUIRED[application.procedure]:
            on = self._work.clock.today()
            finding = Finding(result=NOT_MET, source=MANAGER_CHECK, reason=None, by=by.subject, on=on)
            await self._applications.conditions.record(application, {condition: finding})
