"""Inspections that the Agency conducts: planned, and moved on by the table of transitions."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_monitoring.domain.inspection import BY_NAME, INSPECTING, OWN_SOURCE, SETTLED, TEAM
from aksu_monitoring.domain.machines import INSPECTION
from aksu_monitoring.domain.site import Site, located
from aksu_monitoring.errors import InspectionPushed, InspectionUnknown, PrescriptionsOpen, TookPart
from aksu_monitoring.schemas.inspections import (
    ClosingWithPrescriptions,
    DraftFindings,
    FollowUpMade,
    NewInspection,
    Order,
)
from aksu_monitoring.services.inspection_steps import STEPS, Case
from aksu_monitoring.services.numbers import drawn_number
from aksu_monitoring.services.placing import AGENCY, inner_scope, inspection_scope
from aksu_monitoring.services.recording import finding_of, prescription_of
from aksu_monitoring.storage.aggregates import FindingStore, InspectionStore, PrescriptionStore
from aksu_monitoring.storage.duties import DutyStore
from aksu_monitoring.storage.places import PlaceFactStore
from aksu_monitoring.storage.restricted import InspectedSite, RestrictedStore, RestrictedText
from aksu_monitoring.storage.staging import StagingStore
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal
from aksu_shared.db.store import Kept, begins
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.ingest import Finding, Prescription
from aksu_shared.events.monitoring import InspectionPlanned, InspectionState
from aksu_shared.schemas.base import Command
from aksu_shared.terms.machine import Transition
from aksu_shared.terms.steps import fire, words


class InspectionService:
    """Plans inspections and moves them on."""

    def __init__(
        self,
        *,
        work: UnitOfWork,
        staging: StagingStore,
        places: PlaceFactStore,
        inspections: InspectionStore,
        findings: FindingStore,
        prescriptions: PrescriptionStore,
        restricted: RestrictedStore,
        duties: DutyStore,
        rights: Rights,
    ) -> None:
        self._work = work
        self._staging = staging
        self._places = places
        self._inspections = inspections
        self._findings = findings
        self._prescriptions = prescriptions
        self._restricted = restricted
        self._duties = duties
        self._rights = rights

    async def plan(self, new: NewInspection) -> Kept[InspectionState]:
        """Plan an inspection of a place, registered or not; until it starts only the Agency knows of it."""
        await self._staging.alone()
        site = Site.of(new.place, provider_eik=new.provider_eik, day=new.period.since)
        (facts,) = await self._places.facts([site])
        state = InspectionState(
            id=uuid7(),
            source=OWN_SOURCE,
            reference=drawn_number("П"),
            kind=new.kind,
            state=INSPECTION.initial,
            outcome=None,
            started_on=None,
            closed_on=None,
            period_since=new.period.since,
            period_until=new.period.until,
            **located(site, facts, provider_body=None),
        )
        kept = self._inspections.save(begins(InspectionPlanned, state, id=str(state.id), scope=AGENCY))
        await self._restricted.add_sites([InspectedSite(state.id, site, AGENCY)])
        return kept

    async def act(
        self, key: UUID, name: str, body: Command, *, version: int | None, by: Principal
    ) -> Kept[InspectionState]:
        """Fire the transition `name`.

        Raises NotFound, PreconditionFailed, Forbidden, InspectionPushed, IllegalTransition and what the step refuses.
        """
        if name == "start":  # before the row is locked: who amends inspections by their places takes them in this order
            await self._staging.alone()
        kept = await self._inspections.get(key)
        kept.expect(version)
        self._rights.check(by, BY_NAME[name].action, **whose(kept.state))
        if kept.state.source != OWN_SOURCE:
            raise InspectionPushed(source=kept.state.source)
        row = fire(INSPECTION, kept.state.state, name)
        await self._check_eyes(key, row, by)
        changes = await self._changes(kept.state, name, body)
        after = kept.state.model_copy(update=changes | {"state": row.target})
        event = kept.becomes(
            STEPS[name].fact,
            scope=inspection_scope(after),
            reason=words(body),
            legal_basis=row.legal_basis,
            **changes | {"state": row.target},
        )
        saved = self._inspections.save(event)
        await self._consequences(saved.state, name, body, by=by)
        return saved

    async def _check_eyes(self, key: UUID, row: Transition, by: Principal) -> None:
        """Four eyes: neither who drafted the findings nor anybody else who inspected approves the report."""
        if row.four_eyes is None:
            return
        parts = await self._duties.parts(key)
        for drafter in parts.get(row.four_eyes, ()):
            row.check_actor(by.subject, done_by={row.four_eyes: drafter})
        if any(by.subject in subjects for subjects in parts.values()):
            raise TookPart

    async def _changes(self, state: InspectionState, name: str, body: Command) -> dict[str, Any]:
        """The fields that the step changes, and what it may not be fired without."""
        failed = (await self._inspections.tallies([state.id]))[str(state.id)].failed
        changes = STEPS[name].effect(Case(state=state, today=self._work.clock.today(), failed=failed), body)
        if name == "start":
            changes |= await self._place(state, changes["started_on"])
        if isinstance(body, FollowUpMade):
            await self._check_follow_up(state, body.follow_up_inspection)
        if name == "close":
            await self._check_settled(state)
        return changes

    async def _place(self, state: InspectionState, day: date) -> dict[str, Any]:
        """Where it is, by what is registered and licensed there on the day it starts."""
        site = await self._restricted.started(state.id, day)
        (facts,) = await self._places.facts([site])
        return located(site, facts, provider_body=state.provider_body)

    async def _check_follow_up(self, state: InspectionState, key: UUID) -> None:
        found = (await self._inspections.get_many([key])).get(str(key))
        if found is None or key == state.id or found.state.started_on is None:
            raise InspectionUnknown

    async def _check_settled(self, state: InspectionState) -> None:
        left = [each for each in await self._prescriptions.of([state.id]) if each.state.state not in SETTLED]
        if left:
            raise PrescriptionsOpen(open=len(left))

    async def _consequences(self, state: InspectionState, name: str, body: Command, *, by: Principal) -> None:
        """What a step brings about beside the inspection itself."""
        if isinstance(body, Order):
            await self._duties.add(state.id, TEAM, body.team, AGENCY)
            await self._restricted.add_texts([RestrictedText(state.id, "SUBJECT", body.subject, AGENCY)])
        if name in INSPECTING:
            await self._duties.add(state.id, name, [by.subject], AGENCY)
        if name == "start":
            await self._restricted.rescope({state.id: inner_scope(state)})
        if isinstance(body, DraftFindings):
            await self._find(state, body.findings)
        if isinstance(body, ClosingWithPrescriptions):
            await self._prescribe(state, body)

    async def _find(self, state: InspectionState, found: Iterable[Finding]) -> None:
        for number, finding in enumerate(found, start=1):
            event, texts = finding_of(state, finding, number=number, at=self._work.now)
            self._findings.save(event)
            await self._restricted.add_texts(texts)

    async def _prescribe(self, state: InspectionState, body: ClosingWithPrescriptions) -> None:
        today = self._work.clock.today()
        for number, new in enumerate(body.prescriptions, start=1):
            reference = f"{state.reference}/{number}"
            data = Prescription(reference=reference, text=new.text, issued_on=today, due_on=new.due_on)
            event, texts = prescription_of(state, data)
            self._prescriptions.save(event)
            await self._restricted.add_texts(texts)


def whose(state: InspectionState) -> dict[str, Any]:
    """An inspection as an object of rights."""
    return {"territory": state.municipality, "owner": state.provider_body}
