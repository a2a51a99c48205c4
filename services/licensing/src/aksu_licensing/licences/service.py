"""Licences: issuing, renewing, changing, terminating, communicating and expiring them."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_licensing.domain.licence import VALIDITY, number_of, overlap, validity
from aksu_licensing.domain.machines import LICENCE
from aksu_licensing.domain.procedures import PROCEDURES
from aksu_licensing.errors import LicenceEnded, LicenceExists, NoLicence, RenewalTooEarly, ServiceChanged, ServiceClosed
from aksu_licensing.storage import CounterStore, KnownService, KnownStore, LicenceStore
from aksu_shared.clock import end_of
from aksu_shared.db.deadlines import Deadline, schedule
from aksu_shared.db.store import Kept, begins
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Scope
from aksu_shared.events.licensing import (
    ApplicationState,
    LicenceCommunicated,
    LicenceEvent,
    LicenceExpired,
    LicenceIssued,
    LicenceRenewed,
    LicenceReplaced,
    LicenceState,
    LicenceTerminated,
)
from aksu_shared.scope import row_scope
from aksu_shared.terms import Terms

EXPIRED = "licence_expired"
SEQUENCE = "licence"
"""The counter of licences: one continuous sequence above the highest imported [assumption]."""

_FATES: Final[dict[str, type[LicenceEvent]]] = {
    "renew": LicenceRenewed,
    "replace": LicenceReplaced,
    "terminate": LicenceTerminated,
}
_DAY = timedelta(days=1)


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

    async def held(self, application: ApplicationState, *, fate: str) -> Kept[LicenceState]:
        """The licence the applicant holds for this service, to be renewed, replaced or terminated.

        Raises NoLicence, IllegalTransition (as when its revocation is pending), RenewalTooEarly.
        """
        today = self._work.clock.today()
        found = await self._licences.live(provider=application.provider_id, service=application.service_id, first=today)
        if not found:
            raise NoLicence
        kept = max(found, key=lambda each: each.state.valid_until)
        LICENCE.fire(kept.state.state, fate)
        earliest = self._terms.window_start("licensing.renewal_window", kept.state.valid_until)
        if fate == "renew" and today < earliest:
            raise RenewalTooEarly(valid_until=kept.state.valid_until.isoformat(), earliest=earliest.isoformat())
        return kept

    async def decide(self, application: ApplicationState) -> UUID | None:
        """Do what a granted application asks for; gives the id of the new licence, if there is one.

        Raises ServiceClosed, ServiceChanged, LicenceExists, LicenceEnded, IllegalTransition.
        """
        procedure, day = PROCEDURES[application.procedure], application.decided_on
        if day is None:
            msg = f"application {application.id} was not decided"
            raise ValueError(msg)
        service = await self._known.service(application.service_id)
        held = await self._licences.get(application.held_licence_id) if application.held_licence_id else None
        if procedure.issues is None:
            self._end(held, application, fate=procedure.fate, last_day=day)
            return None
        _check_unchanged(service, application)
        days = validity(procedure.issues, decided_on=day, held=held.state if held else None, terms=self._terms)
        self._end(held, application, fate=procedure.fate, last_day=days[0] - _DAY)
        state = await self._drafted(application, kind=procedure.issues, day=day, days=days)
        await self._check_no_overlap(state, held)
        await schedule(await self._work.begin(), [expiry_of(state)])
        self._licences.save(begins(LicenceIssued, state, id=str(state.id), scope=licence_scope(state)))
        return state.id

    def _end(
        self, held: Kept[LicenceState] | None, application: ApplicationState, *, fate: str | None, last_day: date
    ) -> None:
        """Give the licence held its new state; a renewed one keeps its effect up to its own last day."""
        if held is None or fate is None:
            return
        transition = LICENCE.fire(held.state.state, fate)
        if fate != "renew" and application.decided_on and application.decided_on > held.state.valid_until:
            raise LicenceEnded(number=held.state.number, valid_until=held.state.valid_until.isoformat())
        self._licences.save(
            held.becomes(
                _FATES[fate],
                reason=application.request,
                legal_basis=transition.legal_basis,
                state=transition.target,
                ended_on=held.state.ended_on if fate == "renew" else last_day,
            )
        )

    async def _check_no_overlap(self, state: LicenceState, held: Kept[LicenceState] | None) -> None:
        others = await self._licences.live(provider=state.provider_id, service=state.service_id, first=state.valid_from)
        for other in others:
            if overlap(state, other.state) and (held is None or other.id != held.id):
                raise LicenceExists(number=other.state.number, valid_until=other.state.valid_until.isoformat())

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

    async def _drafted(
        self, application: ApplicationState, *, kind: str, day: date, days: tuple[date, date]
    ) -> LicenceState:
        sequence = await self._counters.next(SEQUENCE)
        return LicenceState(
            id=uuid7(),
            number=number_of(application.procedure, sequence, day),
            sequence=sequence,
            state=LICENCE.initial,
            origin="ISSUED",
            kind=kind,
            service_id=application.service_id,
            provider_id=application.provider_id,
            provider_body=application.provider_body,
            provider_name=application.provider_name,
            place_id=application.place_id,
            municipality=application.municipality,
            issued_on=day,
            in_force_on=days[0],
            valid_from=days[0],
            valid_until=days[1],
            predecessor_id=application.held_licence_id,
            application_id=application.id,
        )


def _check_unchanged(service: KnownService, application: ApplicationState) -> None:
    """The licence is for the service as it was applied for and checked."""
    if service.state == "CLOSED":
        raise ServiceClosed
    if (service.runner.id, service.place_id) != (application.provider_id, application.place_id):
        raise ServiceChanged
