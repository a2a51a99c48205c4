"""Licences: which one is held, issuing a new one, and telling its holder."""

from datetime import date
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_licensing.counters.store import CounterStore
from aksu_licensing.licences.errors import LicenceExists, NoLicence, RenewalTooEarly, ServiceChanged, ServiceClosed
from aksu_licensing.licences.machine import LICENCE_MACHINE
from aksu_licensing.licences.rules import SEQUENCE, VALIDITY, licence_scope, number_of, overlap
from aksu_licensing.licences.store import LicenceStore
from aksu_licensing.registry_copies.schemas import KnownService
from aksu_licensing.registry_copies.store import KnownStore
from aksu_shared.db.deadlines import Deadline, schedule
from aksu_shared.db.store import Kept, begins
from aksu_shared.events.licensing.applications import ApplicationState
from aksu_shared.events.licensing.licences import LicenceCommunicated, LicenceIssued, LicenceState
from aksu_shared.kernel.clock import end_of
from aksu_shared.procedures.context import Context

EXPIRED: Final = "licence_expired"
"""Kind of the deadline at which a licence's last day is over."""


def expiry_of(state: LicenceState) -> Deadline:
    """The deadline at which a licence's last day is over. Its revision is that day: a corrected day is another one."""
    return Deadline(
        term=VALIDITY,
        subject=str(state.id),
        revision=state.valid_until.toordinal(),
        kind=EXPIRED,
        due_at=end_of(state.valid_until),
    )


def check_unchanged(service: KnownService, application: ApplicationState) -> None:
    """A licence is for the service as it was applied for and checked. Raises ServiceClosed, ServiceChanged."""
    if service.state == "CLOSED":
        raise ServiceClosed
    if (service.runner.id, service.place_id) != (application.provider_id, application.place_id):
        raise ServiceChanged


class LicenceService:
    """Finds, issues and communicates licences."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.store = LicenceStore(context.work)
        self.known = KnownStore(context.work)
        self._counters = CounterStore(context.work)

    async def live(self, application: ApplicationState) -> LicenceState | None:
        """The applicant's licence for this service that has effect today or later."""
        found = await self._live(application, first=self.context.today)
        return found[0].state if found else None

    async def held(self, application: ApplicationState, *, fate: str) -> Kept[LicenceState]:
        """The licence the applicant holds for this service, to be renewed, replaced or terminated.

        Raises NoLicence, IllegalTransition (as when its revocation is pending), RenewalTooEarly.
        """
        today = self.context.today
        found = await self._live(application, first=today)
        if not found:
            raise NoLicence
        kept = max(found, key=lambda each: each.state.valid_until)
        LICENCE_MACHINE.leads(kept.state.state, fate)
        earliest = self.context.terms.window_start("licensing.renewal_window", kept.state.valid_until)
        if fate == "renew" and today < earliest:
            raise RenewalTooEarly(valid_until=kept.state.valid_until.isoformat(), earliest=earliest.isoformat())
        return kept

    async def issue(
        self, application: ApplicationState, *, kind: str, issued_on: date, days: tuple[date, date]
    ) -> UUID:
        """Issue a licence of `kind` with effect on `days`, first and last; gives its id. Raises LicenceExists."""
        sequence = await self._counters.next(SEQUENCE)
        state = LicenceState(
            id=uuid7(),
            number=number_of(application.procedure, sequence, issued_on),
            sequence=sequence,
            state=LICENCE_MACHINE.initial,
            origin="ISSUED",
            kind=kind,
            service_id=application.service_id,
            provider_id=application.provider_id,
            provider_body=application.provider_body,
            provider_name=application.provider_name,
            place_id=application.place_id,
            municipality=application.municipality,
            issued_on=issued_on,
            in_force_on=days[0],
            valid_from=days[0],
            valid_until=days[1],
            predecessor_id=application.held_licence_id,
            application_id=application.id,
        )
        await self._check_no_overlap(application, state)
        await schedule(await self.context.work.begin(), [expiry_of(state)])
        self.store.save(begins(LicenceIssued, state, id=str(state.id), scope=licence_scope(state)))
        return state.id

    async def communicate(self, licence_id: UUID, *, on: date) -> None:
        """Note the day on which the holder was told."""
        kept = await self.store.get(licence_id)
        self.store.save(kept.becomes(LicenceCommunicated, communicated_on=on))

    async def _live(self, application: ApplicationState, *, first: date) -> list[Kept[LicenceState]]:
        return await self.store.live(provider=application.provider_id, service=application.service_id, first=first)

    async def _check_no_overlap(self, application: ApplicationState, state: LicenceState) -> None:
        """Of the applicant's licences for the service only the one held may reach into the new one's days."""
        for other in await self._live(application, first=state.valid_from):
            if overlap(state, other.state) and other.state.id != state.predecessor_id:
                raise LicenceExists(number=other.state.number, valid_until=other.state.valid_until.isoformat())
