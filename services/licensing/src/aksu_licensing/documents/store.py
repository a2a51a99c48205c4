"""Reads and records documents, without what is sealed in them."""

from aksu_licensing.documents.tables import DocumentTable
from aksu_shared.db.store import Store
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.licensing.documents import DocumentState


class DocumentStore(Store[DocumentState]):
    """Documents of applications, without what is restricted in them."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, table_of(DocumentTable), DocumentState)
