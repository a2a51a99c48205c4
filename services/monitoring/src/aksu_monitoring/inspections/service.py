"""Inspections that the Agency conducts: planned, placed, their people and findings kept."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_monitoring.inspections.errors import CriteriaFailed, InspectionUnknown, PrescriptionsOpen
from aksu_monitoring.inspections.machine import INSPECTION_MACHINE
from aksu_monitoring.inspections.rules import TEAM, inner_scope
from aksu_monitoring.inspections.schemas import NewInspection, NewPrescription
from aksu_monitoring.inspections.store import DutyStore, FindingStore, InspectedSite, InspectionStore, SiteStore
from aksu_monitoring.numbers import drawn_number
from aksu_monitoring.places.rules import AGENCY, Site, located, stated_provider
from aksu_monitoring.places.store import PlaceFactStore
from aksu_monitoring.prescriptions.service import PrescriptionService
from aksu_monitoring.texts.store import RestrictedText, RestrictedTextStore
from aksu_shared.db.store import Kept, begins
from aksu_shared.events.base import Event
from aksu_shared.events.ingest import Finding, Prescription
from aksu_shared.events.monitoring.inspections import (
    OWN_SOURCE,
    FindingRecorded,
    FindingState,
    InspectionPlanned,
    InspectionState,
)
from aksu_shared.procedures.context import Context


class InspectionService:
    """Plans inspections, and keeps what belongs to them; `INSPECTION_STEPS` moves them on."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.store = InspectionStore(context.work)
        self._places = PlaceFactStore(context.work)
        self._sites = SiteStore(context.work)
        self._texts = RestrictedTextStore(context.work)
        self.duties = DutyStore(context.work)
        self._findings = FindingStore(context.work)
        self._prescriptions = PrescriptionService(context)

    async def plan(self, new: NewInspection) -> Kept[InspectionState]:
        """Plan an inspection of a place, registered or not; until it starts only the Agency knows of it."""
        await self.decide_alone()
        site = Site.of(new.place, provider_eik=new.provider_eik, day=new.period.since)
        (facts,) = await self._places.facts([site])
        provider = stated_provider(new.provider_eik)
        state = InspectionState(
            id=uuid7(),
            source=OWN_SOURCE,
            reference=drawn_number("П"),
            kind=new.kind,
            state=INSPECTION_MACHINE.initial,
            outcome=None,
            started_on=None,
            closed_on=None,
            period_since=new.period.since,
            period_until=new.period.until,
            provider_body=provider,
            provider_basis="PLAN" if provider else None,
            **located(site, facts, provider_body=provider),
        )
        kept = self.store.save(begins(InspectionPlanned, state, id=str(state.id), scope=AGENCY))
        await self._sites.add([InspectedSite(state.id, site, AGENCY)])
        return kept

    async def decide_alone(self) -> None:
        """Wait until nobody else decides about places of inspections."""
        await self._places.alone()

    async def place(self, state: InspectionState, day: date) -> Mapping[str, Any]:
        """The fields that follow from where it is, by what is registered and licensed there on the day it starts."""
        site = await self._sites.started(state.id, day)
        (facts,) = await self._places.facts([site])
        return located(site, facts, provider_body=state.provider_body)

    async def announce(self, state: InspectionState) -> None:
        """Show its texts and its site to those whom it concerns, now that it has started."""
        scopes = {state.id: inner_scope(state)}
        await self._sites.rescope(scopes)
        await self._texts.rescope(scopes)

    async def appoint(self, inspection: UUID, team: Iterable[str], *, subject: str) -> None:
        """Keep who inspects, as pseudonyms, and what is inspected."""
        pseudonyms = self.context.pseudonyms
        if pseudonyms is None:
            raise LookupError("a team is appointed where pseudonyms are known")
        await self.duties.add(inspection, TEAM, map(pseudonyms.of, team), AGENCY)
        await self._texts.add([RestrictedText(inspection, "SUBJECT", subject, AGENCY)])

    async def record(self, state: InspectionState, findings: Iterable[Finding]) -> None:
        """Record what was found."""
        notes: list[RestrictedText] = []
        for number, finding in enumerate(findings, start=1):
            event, texts = finding_of(state, finding, number=number, at=self.context.work.now)
            self._findings.save(event)
            notes += texts
        await self._texts.add(notes)

    async def keep_objections(self, state: InspectionState, text: str) -> None:
        """Keep what the inspected objects to, for those who read the findings."""
        await self._texts.add([RestrictedText(state.id, "OBJECTIONS", text, inner_scope(state))])

    async def prescribe(self, state: InspectionState, prescriptions: Iterable[NewPrescription]) -> None:
        """Propose its prescriptions."""
        today = self.context.today
        numbered = (
            Prescription(reference=f"{state.reference}/{number}", text=new.text, issued_on=today, due_on=new.due_on)
            for number, new in enumerate(prescriptions, start=1)
        )
        await self._prescriptions.propose(state, numbered)

    async def failed_criteria(self, inspection: UUID) -> int:
        """How many of its criteria are not met or partly met."""
        return (await self.store.tallies([inspection]))[str(inspection)].failed

    async def check_clean(self, inspection: UUID) -> None:
        """Raise CriteriaFailed unless all criteria are met."""
        if failed := await self.failed_criteria(inspection):
            raise CriteriaFailed(failed=failed)

    async def check_settled(self, inspection: UUID) -> None:
        """Raise PrescriptionsOpen unless nothing is left of its prescriptions."""
        if left := await self._prescriptions.unsettled(inspection):
            raise PrescriptionsOpen(open=left)

    async def check_follow_up(self, inspection: UUID, follow_up: UUID) -> None:
        """Raise InspectionUnknown unless `follow_up` is another inspection that has started."""
        found = (await self.store.get_many([follow_up])).get(str(follow_up))
        if found is None or follow_up == inspection or found.state.started_on is None:
            raise InspectionUnknown


def finding_of(
    inspection: InspectionState, data: Finding, *, number: int, at: datetime
) -> tuple[Event[FindingState], list[RestrictedText]]:
    """The event of a finding, and its note if it has one, which no event carries."""
    state = FindingState(
        id=uuid7(),
        inspection_id=inspection.id,
        number=number,
        municipality=inspection.municipality,
        standard=data.standard,
        criterion=data.criterion,
        catalogue_version=data.catalogue_version,
        result=data.result,
        recorded_at=at,
    )
    scope = inner_scope(inspection)
    texts = [RestrictedText(state.id, "NOTE", data.note, scope)] if data.note else []
    return begins(FindingRecorded, state, id=str(state.id), scope=scope), texts
