"""Licences: issuing, communicating and expiring them."""

from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_licensing.domain.days import end_of
from aksu_licensing.domain.licence import number_of, overlap
from aksu_licensing.domain.machines import LICENCE
from aksu_licensing.errors import LicenceExists, ServiceChanged, ServiceClosed
from aksu_licensing.storage import CounterStore, KnownStore, LicenceStore
from aksu_shared.db.deadlines import Deadline, schedule
from aksu_shared.db.store import Kept, begins
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Scope
from aksu_shared.events.licensing import (
    ApplicationState,
    LicenceCommunicated,
    LicenceExpired,
    LicenceIssued,
    LicenceState,
)
from aksu_shared.scope import row_scope
from aksu_shared.terms import Terms

VALIDITY = "licence.validity"
EXPIRED = "licence_expired"
SEQUENCE = "licence"
"""The counter of licences: one continuous sequence above the highest imported [assumption]."""


def licence_scope(state: LicenceState) -> Scope:
    """Public, of the place's territory and of the holder."""
    return row_scope(state.municipality, state.provider_body, public=True)


def expiry_of(state: LicenceState) -> Deadline:
    """The deadline at which a licence's last day is over. Its revision is that day: a corrected day is another one."""
    return Deadline(
        term=VALIDITY,
        subject=str(state.id),
        revision=state.valid_until.toordinal(),
        kind=EXPIRED,
        due_at=end_of(state.valid_until),
    )


class LicenceService:
    """Issues licences and follows them to their end."""

    def __init__(
        self, *, work: UnitOfWork, licences: LicenceStore, known: KnownStore, counters: CounterStore, terms: Terms
    ) -> None:
        self._work = work
        self._licences = licences
        self._known = known
        self._counters = counters
        self._terms = terms

    async def live(self, application: ApplicationState) -> LicenceState | None:
        """The applicant's licence for this service that has effect today or later."""
        found = await self._licences.live(
            provider=application.provider_id, service=application.service_id, first=self._work.clock.today()
        )
        return found[0].state if found else None

    async def issue(self, application: ApplicationState) -> Kept[LicenceState]:
        """The licence that a granted application brings, from the day of the order (чл. 151).

        Raises ServiceClosed, ServiceChanged, LicenceExists.
        """
        service = await self._known.service(application.service_id)
        if service.state == "CLOSED":
            raise ServiceClosed
        if (service.runner.id, service.place_id) != (application.provider_id, application.place_id):
            raise ServiceChanged
        state = await self._drafted(application)
        for other in await self._licences.live(
            provider=state.provider_id, service=state.service_id, first=state.valid_from
        ):
            if overlap(state, other.state):
                raise LicenceExists(number=other.state.number, valid_until=other.state.valid_until.isoformat())
        await schedule(self._work.connection, [expiry_of(state)])
        return self._licences.save(begins(LicenceIssued, state, id=str(state.id), scope=licence_scope(state)))

    async def communicate(self, licence_id: UUID, *, on: date) -> None:
        """Note the day on which the holder was told."""
        kept = await self._licences.get(licence_id)
        self._licences.save(kept.becomes(LicenceCommunicated, communicated_on=on))

    async def expire(self, licence_id: UUID) -> None:
        """End a licence whose last day has passed; one renewed, revoked or prolonged meanwhile stays as it is."""
        kept = await self._licences.get(licence_id)
        if self._work.clock.today() <= kept.state.valid_until or "expire" not in LICENCE.legal(kept.state.state):
            return
        transition = LICENCE.fire(kept.state.state, "expire")
        self._licences.save(kept.becomes(LicenceExpired, state=transition.target, legal_basis=transition.legal_basis))

    async def _drafted(self, application: ApplicationState) -> LicenceState:
        if application.decided_on is None:
            msg = f"application {application.id} was not decided"
            raise ValueError(msg)
        day = application.decided_on
        sequence = await self._counters.next(SEQUENCE)
        return LicenceState(
            id=uuid7(),
            number=number_of(application.procedure, sequence, day),
            sequence=sequence,
            state=LICENCE.initial,
            origin="ISSUED",
            kind="ORIGINAL",
            service_id=application.service_id,
            provider_id=application.provider_id,
            provider_body=application.provider_body,
            provider_name=application.provider_name,
            place_id=application.place_id,
            municipality=application.municipality,
            issued_on=day,
            in_force_on=day,
            valid_from=day,
            valid_until=self._terms.deadline(VALIDITY, day),
            application_id=application.id,
        )
