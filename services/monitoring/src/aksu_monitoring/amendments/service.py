"""Copies of places, services and licences, and the amending of inspections: by these, and by an inspector's word.

What others register later moves an inspection's public particulars where its place is known, and nothing else: neither
whom it is addressed to, nor who reads what was written of it, nor an address that was withheld.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from aksu_monitoring.amendments.errors import InspectionNotStarted, ProviderConfirmed
from aksu_monitoring.amendments.schemas import ProviderConfirmation
from aksu_monitoring.inspections.rules import CONFIRM_PROVIDER, inspection_scope, may_be_readdressed, readdressed
from aksu_monitoring.inspections.store import DutyStore, FindingStore, InspectionStore, SiteStore
from aksu_monitoring.places.rules import PlaceFacts, Site, followed, located, service_of, whose
from aksu_monitoring.places.store import PlaceFactStore
from aksu_monitoring.prescriptions.rules import UNISSUED, prescription_scope
from aksu_monitoring.prescriptions.store import PrescriptionStore
from aksu_monitoring.texts.store import RestrictedTextStore
from aksu_shared.auth.principal import Principal
from aksu_shared.db.store import Kept
from aksu_shared.events import Event, Scope
from aksu_shared.events.licensing.licences import LicenceEvent
from aksu_shared.events.monitoring.inspections import (
    FindingAmended,
    FindingState,
    InspectionAddressed,
    InspectionAmended,
    InspectionState,
)
from aksu_shared.events.monitoring.prescriptions import PrescriptionAmended, PrescriptionState
from aksu_shared.events.registry.places import PlaceEvent
from aksu_shared.events.registry.services import ServiceEvent
from aksu_shared.procedures.context import Context

_ADDRESSEE: Final = "чл. 59, ал. 3 ЗСУ; чл. 42, ал. 2 от Наредбата за качеството на социалните услуги"


class AmendmentService:
    """Keeps copies of what others own and amends inspections by them."""

    def __init__(self, context: Context) -> None:
        self._work = context.work
        self._rights = context.rights
        self._facts = PlaceFactStore(context.work)
        self._inspections = InspectionStore(context.work)
        self._sites = SiteStore(context.work)
        self._findings = FindingStore(context.work)
        self._prescriptions = PrescriptionStore(context.work)
        self._texts = RestrictedTextStore(context.work)
        self._duties = DutyStore(context.work)

    async def places(self, events: Sequence[PlaceEvent]) -> None:
        """Places were registered or amended."""
        await self._begin()
        await self._facts.keep(PlaceEvent, events)
        await self._amend({event.state.id for event in events}, {event.state.key for event in events})

    async def services(self, events: Sequence[ServiceEvent]) -> None:
        """Services were registered, amended, moved or closed."""
        await self._begin()
        await self._facts.keep(ServiceEvent, events)
        await self._amend(_places_of(events), ())

    async def licences(self, events: Sequence[LicenceEvent]) -> None:
        """Licences were issued or changed."""
        await self._begin()
        await self._facts.keep(LicenceEvent, events)
        await self._amend(_places_of(events), ())

    async def moved(self, places: Collection[UUID], keys: Collection[str]) -> None:
        """What is known of these places, or at these addresses, was made anew."""
        await self._begin()
        await self._amend(places, keys)

    async def _begin(self) -> None:
        """What an earlier handler of the batch recorded is to be seen by this one."""
        await self._work.flush()
        await self._facts.alone()

    async def _amend(self, places: Collection[UUID], keys: Collection[str]) -> None:
        """Amend the inspections at these places or addresses by what is known of them now."""
        sites = await self._sites.at(places, keys)
        if not sites:
            return
        facts = dict(zip(sites, await self._facts.facts(list(sites.values())), strict=True))
        kept = await self._inspections.get_many(sites)
        moved = [self._move(each, sites[UUID(key)], facts[UUID(key)]) for key, each in kept.items()]
        await self._follow({inspection.state.id: inspection for inspection in moved if inspection is not None})

    def _move(self, kept: Kept[InspectionState], site: Site, facts: PlaceFacts) -> Kept[InspectionState] | None:
        """Amend one inspection; None when nothing differs. One that has not started is placed anew."""
        state = kept.state
        if state.started_on is None:
            fields = located(site, facts, provider_body=state.provider_body)
        else:
            fields = followed(state.flags, facts)
        event = kept.becomes(InspectionAmended, scope=inspection_scope(state.model_copy(update=fields)), **fields)
        return self._inspections.save(event) if event.changed or event.scope != kept.scope else None

    async def _follow(self, moved: Mapping[UUID, Kept[InspectionState]]) -> None:
        """Findings and prescriptions move with their inspection; who reads what was written stays."""
        if not moved:
            return
        for finding in await self._findings.of(moved):
            self._amend_finding(finding, moved[finding.state.inspection_id].state, scope=finding.scope)
        for prescription in await self._prescriptions.of(moved):
            self._amend_prescription(prescription, moved[prescription.state.inspection_id].state)

    def _amend_finding(self, kept: Kept[FindingState], inspection: InspectionState, *, scope: Scope) -> None:
        event = kept.becomes(FindingAmended, scope=scope, municipality=inspection.municipality)
        if event.changed or scope != kept.scope:
            self._findings.save(event)

    def _amend_prescription(self, kept: Kept[PrescriptionState], inspection: InspectionState) -> None:
        fields = {name: getattr(inspection, name) for name in ("municipality", "place_id", "provider_body")}
        scope = prescription_scope(kept.state.with_changes(fields))
        event = kept.becomes(PrescriptionAmended, scope=scope, **fields)
        if event.changed or scope != kept.scope:
            self._prescriptions.save(event)

    async def confirm_provider(
        self, key: UUID, confirmation: ProviderConfirmation, *, by: Principal, version: int | None
    ) -> Kept[InspectionState]:
        """Address an inspection by the word of an inspector, who by that act opens to the provider what is written.

        Raises NotFound, PreconditionFailed, Forbidden, NotOfTeam, InspectionNotStarted, ProviderConfirmed.
        """
        await self._begin()
        kept = await self._inspections.get(key)
        kept.expect(version)
        self._rights.check(by, CONFIRM_PROVIDER, **whose(kept.state))
        await self._duties.expect_member(kept.state, by.subject)
        if kept.state.started_on is None:
            raise InspectionNotStarted
        if not may_be_readdressed(kept.state):
            raise ProviderConfirmed(provider_body=kept.state.provider_body)
        (facts,) = await self._facts.facts([Site.registered(kept.state.place_id, day=kept.state.started_on)])
        fields = {
            "provider_body": confirmation.provider_body,
            "provider_basis": "CONFIRMED",
            "service_id": service_of(facts, confirmation.provider_body),
        }
        scope = readdressed(kept.scope, before=kept.state.provider_body, after=confirmation.provider_body)
        saved = self._inspections.save(
            kept.becomes(InspectionAddressed, scope=scope, reason=confirmation.reason, legal_basis=_ADDRESSEE, **fields)
        )
        await self._open(saved.state, before=kept.state.provider_body)
        return saved

    async def _open(self, inspection: InspectionState, *, before: str | None) -> None:
        """Let the confirmed provider read what is written, and whom the source had named no longer."""
        after = inspection.provider_body
        if after is None or after == before:
            return
        written = [inspection.id]
        for finding in await self._findings.of([inspection.id]):
            written.append(finding.state.id)
            scope = readdressed(finding.scope, before=before, after=after)
            self._amend_finding(finding, inspection, scope=scope)
        for prescription in await self._prescriptions.of([inspection.id]):
            self._amend_prescription(prescription, inspection)
            if prescription.state.state not in UNISSUED:
                written.append(prescription.state.id)
        await self._sites.readdress(inspection.id, before=before, after=after)
        await self._texts.readdress(written, before=before, after=after)


def _places_of(events: Iterable[Event[Any]]) -> set[UUID]:
    """Where they are, and where those were that moved."""
    found = {event.state.place_id for event in events}
    before = (event.changed.get("place_id", (None, None))[0] for event in events)
    return found | {UUID(place) for place in before if isinstance(place, str)}
