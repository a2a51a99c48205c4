"""Facts of documents attached to applications."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from aksu_shared.events.base import Event, State
from aksu_shared.kernel.schemas.codes import CodeOf


class DocumentState(State):
    """A document of an application. Its name and content are restricted, and in no event. `size` is in bytes."""

    id: UUID
    application_id: UUID
    kind: Annotated[str, CodeOf("document_kinds")]
    media_type: str
    size: int
    attached_at: datetime


class DocumentEvent(Event[DocumentState], aggregate="licensing.document", read="licensing.application.read"):
    """About a document."""


class DocumentAttached(DocumentEvent, fact="attached"):
    """The applicant, or an officer, attached it."""
