"""The composition root: what one unit of work of monitoring is made of."""

from dataclasses import dataclass
from functools import cache
from typing import Final

from aksu_monitoring.services.applying import ApplyingService
from aksu_monitoring.services.inspections import InspectionService
from aksu_monitoring.services.placing import PlacingService
from aksu_monitoring.services.prescriptions import PrescriptionService
from aksu_monitoring.services.pushing import PushService
from aksu_monitoring.services.receiving import ReceivingService, RefusedService
from aksu_monitoring.services.senders import Senders
from aksu_monitoring.services.signals import SignalService
from aksu_monitoring.services.sources import source_of
from aksu_monitoring.services.staging import StagingService
from aksu_monitoring.services.users_met import UserMetService
from aksu_monitoring.storage.aggregates import FindingStore, InspectionStore, PrescriptionStore, SignalStore
from aksu_monitoring.storage.duties import DutyStore
from aksu_monitoring.storage.places import PlaceFactStore
from aksu_monitoring.storage.pushing import Database, PushStore
from aksu_monitoring.storage.restricted import RestrictedStore
from aksu_monitoring.storage.staging import StagingStore
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal
from aksu_shared.db.work import Connection, UnitOfWork
from aksu_shared.privacy.keys import NO_KEYS, KeyRing
from aksu_shared.privacy.store import SubjectStore
from aksu_shared.terms import load_terms

legal_terms: Final = cache(load_terms)
"""The packaged legal terms, read once."""


def pushing(connection: Database, principal: Principal) -> PushService:
    """Taking in what `principal` pushes, on a connection in a transaction, or on a pool statement by statement."""
    source = source_of(principal)
    return PushService(staging=PushStore(connection, keys=principal.scope_keys), source=source)


def receiving(connection: Connection, senders: Senders) -> ReceivingService:
    """Taking in what comes over the bus, in a transaction of the worker."""
    return ReceivingService(connection=connection, senders=senders)


@dataclass(frozen=True, slots=True)
class Factory:
    """Builds monitoring's services on one unit of work."""

    work: UnitOfWork
    rights: Rights
    ring: KeyRing = NO_KEYS
    """What opens personal data; the worker reads none."""

    def staging(self) -> StagingService:
        """Repairing and replaying them."""
        return StagingService(staging=StagingStore(self.work))

    async def refused(self) -> RefusedService:
        """Repairing and replaying records of the bus that were refused; in a transaction."""
        return RefusedService(connection=await self.work.begin())

    def applying(self) -> ApplyingService:
        """Giving them their effect."""
        return ApplyingService(
            work=self.work,
            staging=StagingStore(self.work),
            places=PlaceFactStore(self.work),
            inspections=InspectionStore(self.work),
            findings=FindingStore(self.work),
            prescriptions=PrescriptionStore(self.work),
            restricted=RestrictedStore(self.work),
        )

    def placing(self) -> PlacingService:
        """Copies of places, services and licences."""
        return PlacingService(
            work=self.work,
            staging=StagingStore(self.work),
            places=PlaceFactStore(self.work),
            inspections=InspectionStore(self.work),
            findings=FindingStore(self.work),
            prescriptions=PrescriptionStore(self.work),
            restricted=RestrictedStore(self.work),
        )

    def inspections(self) -> InspectionService:
        """Inspections that the Agency conducts."""
        return InspectionService(
            work=self.work,
            staging=StagingStore(self.work),
            places=PlaceFactStore(self.work),
            inspections=InspectionStore(self.work),
            findings=FindingStore(self.work),
            prescriptions=PrescriptionStore(self.work),
            restricted=RestrictedStore(self.work),
            duties=DutyStore(self.work),
            rights=self.rights,
        )

    def prescriptions(self) -> PrescriptionService:
        """Prescriptions after their issue."""
        return PrescriptionService(
            work=self.work,
            prescriptions=PrescriptionStore(self.work),
            restricted=RestrictedStore(self.work),
            rights=self.rights,
        )

    def subjects(self) -> SubjectStore:
        """People of whom rows tell."""
        return SubjectStore(self.work, self.ring)

    def signals(self) -> SignalService:
        """Signals and complaints."""
        return SignalService(
            work=self.work,
            signals=SignalStore(self.work),
            inspections=InspectionStore(self.work),
            subjects=self.subjects(),
            rights=self.rights,
            terms=legal_terms(),
        )

    def users_met(self) -> UserMetService:
        """Users met during inspections."""
        return UserMetService(work=self.work, inspections=InspectionStore(self.work), subjects=self.subjects())
