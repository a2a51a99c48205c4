"""What is attached to an application: its documents, and the checks of those who manage or represent the applicant."""

import hashlib
from collections.abc import Mapping
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_licensing.errors import ApplicationDecided
from aksu_licensing.schemas import NewManagerCheck, Upload
from aksu_licensing.services.applications import whose
from aksu_licensing.storage import ApplicationStore, DocumentStore, ManagerCheckStore
from aksu_licensing.tables.application import OPEN_STATES
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal
from aksu_shared.db.store import Kept, begins
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.base import Scope
from aksu_shared.events.licensing import (
    ApplicationState,
    DocumentAttached,
    DocumentState,
    ManagerCheckRecorded,
    ManagerCheckState,
)
from aksu_shared.privacy.people import Person
from aksu_shared.privacy.store import SubjectStore

DOCUMENT, MANAGER = "application.document", "application.manager"
"""Classes of data, as `retention.toml` has them."""
HOLDINGS: Mapping[str, str] = {DOCUMENT: "document", MANAGER: "manager_check"}
"""Class of data → the table whose rows tell of such people."""
AGENCY: Scope = ("b:AKSU",)


class AttachmentService:
    """Attaches documents and checks; each is sealed under a key of its own."""

    def __init__(
        self,
        *,
        work: UnitOfWork,
        applications: ApplicationStore,
        documents: DocumentStore,
        checks: ManagerCheckStore,
        subjects: SubjectStore,
        rights: Rights,
    ) -> None:
        self._work = work
        self._applications = applications
        self._documents = documents
        self._checks = checks
        self._subjects = subjects
        self._rights = rights

    async def attach(self, application_id: UUID, upload: Upload, *, by: Principal) -> Kept[DocumentState]:
        """Attach a document. Its name and content are for the Agency and the applicant alone.

        Raises NotFound, Forbidden, ApplicationDecided.
        """
        application = await self._undecided(application_id, "licensing.document.attach", by)
        state = DocumentState(
            id=uuid7(),
            application_id=application_id,
            kind=upload.kind,
            media_type=upload.media_type,
            size=len(upload.content),
            attached_at=self._work.now,
        )
        person = Person(
            subject=uuid7(),
            kind=DOCUMENT,
            row=state.id,
            fields={"name": upload.name, "content": upload.content},
            scope=(*AGENCY, f"b:{application.state.provider_body}"),
        )
        await self._subjects.add([person], counts_from=self._work.now)
        attached = begins(DocumentAttached, state, id=str(state.id), scope=application.scope)
        return self._documents.save(attached, sha256=hashlib.sha256(upload.content).hexdigest())

    async def record(self, application_id: UUID, check: NewManagerCheck, *, by: Principal) -> Kept[ManagerCheckState]:
        """Record what a register says of somebody, for the Agency alone.

        Raises NotFound, Forbidden, ApplicationDecided.
        """
        await self._undecided(application_id, "licensing.manager_check.record", by)
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

    async def _undecided(self, application_id: UUID, right: str, by: Principal) -> Kept[ApplicationState]:
        application = await self._applications.get(application_id)
        self._rights.check(by, right, **whose(application.state))
        if application.state.state not in OPEN_STATES:
            raise ApplicationDecided(state=application.state.state)
        return application
