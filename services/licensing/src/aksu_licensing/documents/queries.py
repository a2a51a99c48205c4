"""Hot reads of documents: what lists and single resources show, and by what lists are filtered and sorted."""

from sqlalchemy import bindparam, select

from aksu_licensing.documents.schemas import DocumentRead
from aksu_licensing.documents.tables import DocumentTable as D
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.licensing.documents import DocumentEvent
from aksu_shared.privacy.people import people_of

_COLUMNS = (D.id, D.application_id, D.kind, D.media_type, D.size, D.sha256, D.attached_at, D.version)
DOCUMENTS = Page(
    columns=select(*_COLUMNS, people_of(D.id, only="name").label("people")),
    filters={"application_id": D.application_id == bindparam("application_id")},
    sorts={"attached_at": (D.attached_at, D.id)},
)
"""Of the people only the names of documents: contents may be megabytes."""
DOCUMENT_BY_ID = Statement(select(*_COLUMNS, people_of(D.id).label("people")).where(D.id == bindparam("id")))

_MADE = {"people": ("subject_id", "name", "erased", "restricted")}
DOCUMENT = Aggregate(
    fact=DocumentEvent,
    table=table_of(D),
    readings=(Reading(DOCUMENTS, DocumentRead, made=_MADE), Reading(DOCUMENT_BY_ID, DocumentRead, made=_MADE)),
    beside={"sha256": "of the content, which is restricted: shown to who may open the document, told in no event"},
)
