"""The composition root: what one unit of work of licensing is made of."""

from dataclasses import dataclass
from functools import cache
from typing import Self

from aksu_licensing.services.applications import ApplicationService
from aksu_licensing.services.attachments import AttachmentService
from aksu_licensing.services.imports import RegisterImportService
from aksu_licensing.services.licences import LicenceService
from aksu_licensing.storage import (
    ApplicationStore,
    CopyStore,
    CounterStore,
    DocumentStore,
    KnownStore,
    LicenceStore,
    ManagerCheckStore,
    RegisterRowStore,
)
from aksu_shared.auth.permissions import Rights
from aksu_shared.db.work import UnitOfWork
from aksu_shared.privacy.keys import NO_KEYS, KeyRing
from aksu_shared.privacy.store import SubjectStore
from aksu_shared.terms import Terms, load_terms


@cache
def legal_terms() -> Terms:
    """The packaged legal terms, read once."""
    return load_terms()


@dataclass(frozen=True, slots=True)
class Factory:
    """Builds licensing's services on one unit of work."""

    work: UnitOfWork
    rights: Rights
    terms: Terms
    ring: KeyRing

    @classmethod
    def of(cls, work: UnitOfWork, ring: KeyRing = NO_KEYS) -> Self:
        """The factory on `work`, with the platform's rights and terms; personal data needs the `ring` of keys."""
        return cls(work, Rights.load(), legal_terms(), ring)

    def licences(self) -> LicenceService:
        """Licences."""
        return LicenceService(
            work=self.work,
            licences=LicenceStore(self.work),
            known=KnownStore(self.work),
            counters=CounterStore(self.work),
            terms=self.terms,
        )

    def applications(self) -> ApplicationService:
        """Applications."""
        return ApplicationService(
            work=self.work,
            applications=ApplicationStore(self.work),
            known=KnownStore(self.work),
            counters=CounterStore(self.work),
            licences=self.licences(),
            rights=self.rights,
            terms=self.terms,
        )

    def attachments(self) -> AttachmentService:
        """What is attached to applications: documents, checks of managers."""
        return AttachmentService(
            work=self.work,
            applications=ApplicationStore(self.work),
            documents=DocumentStore(self.work),
            checks=ManagerCheckStore(self.work),
            subjects=SubjectStore(self.work, self.ring),
            rights=self.rights,
        )

    def copies(self) -> CopyStore:
        """Copies of the registry's services and providers."""
        return CopyStore(self.work)

    def register_import(self) -> RegisterImportService:
        """Licences of the imported register."""
        return RegisterImportService(
            work=self.work,
            licences=LicenceStore(self.work),
            rows=RegisterRowStore(self.work),
            counters=CounterStore(self.work),
            terms=self.terms,
        )
