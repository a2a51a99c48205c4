"""Documents of applications: each is sealed under a key of its own."""

import hashlib
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_licensing.applications.rules import AGENCY
from aksu_licensing.applications.service import ApplicationService
from aksu_licensing.applications.store import OVER
from aksu_licensing.documents.errors import TooManyDocuments
from aksu_licensing.documents.schemas import Upload
from aksu_licensing.documents.tables import DocumentTable
from aksu_shared.auth.principal import Principal
from aksu_shared.db.store import Kept, Store, begins
from aksu_shared.db.tables import table_of
from aksu_shared.events.licensing.documents import DocumentAttached, DocumentState
from aksu_shared.privacy.holdings import Holding, Holdings
from aksu_shared.privacy.people import Person
from aksu_shared.privacy.store import SubjectStore
from aksu_shared.procedures.context import Context

MEBIBYTE: Final = 1024 * 1024
MAX_DOCUMENTS: Final = 100
MAX_TOTAL: Final = 200 * MEBIBYTE
"""Documents of one application, and their bytes together."""
_ATTACHED: Final = "SELECT count(*), coalesce(sum(size), 0) FROM document WHERE application_id = $1"
DOCUMENT: Final = "application.document"
"""Class of data, as `retention.toml` has it."""
HOLDINGS: Final[Holdings] = {DOCUMENT: Holding(table="document", over=OVER)}
"""Needed until the application is decided for good."""


class DocumentService:
    """Attaches documents to applications."""

    def __init__(self, context: Context) -> None:
        self._work = context.work
        self._applications = ApplicationService(context)
        self._documents = Store(context.work, table_of(DocumentTable), DocumentState)
        self._subjects = SubjectStore(context.work, context.keys)

    async def attach(self, application_id: UUID, upload: Upload, *, by: Principal) -> Kept[DocumentState]:
        """Attach a document. Its name and content are for the Agency and the applicant alone.

        Raises NotFound, Forbidden, ApplicationDecided, TooManyDocuments.
        """
        connection = await self._work.begin()  # so that the application stays locked while its documents are counted
        application = await self._applications.undecided(application_id, right="licensing.document.attach", by=by)
        number, total = await connection.fetchrow(_ATTACHED, application_id)
        if number >= MAX_DOCUMENTS or total + len(upload.content) > MAX_TOTAL:
            raise TooManyDocuments(number=MAX_DOCUMENTS, megabytes=MAX_TOTAL // MEBIBYTE)
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
