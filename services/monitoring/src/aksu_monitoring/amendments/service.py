"""Copies of places, services and licences, and the amending of the inspections at these places."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from aksu_monitoring.inspections.rules import inner_scope, inspection_scope
from aksu_monitoring.inspections.store import FindingStore, InspectionStore, SiteStore
from aksu_monitoring.places.rules import PlaceFacts, Site, located, public_scope
from aksu_monitoring.places.store import PlaceFactStore
from aksu_monitoring.prescriptions.store import PrescriptionStore
from aksu_monitoring.texts.store import RestrictedTextStore
from aksu_shared.db.store import Kept
from aksu_shared.events import Event, Scope
from aksu_shared.events.licensing.licences import LicenceEvent
from aksu_shared.events.monitoring.inspections import FindingAmended, InspectionAmended, InspectionState
from aksu_shared.events.monitoring.prescriptions import PrescriptionAmended
from aksu_shared.events.registry.places import PlaceEvent
from aksu_shared.events.registry.services import ServiceEvent
from aksu_shared.procedures.context import Context


class AmendmentService:
    """Keeps copies of what others own and amends inspections by them."""

    def __init__(self, context: Context) -> None:
        self._work = context.work
        self._facts = PlaceFactStore(context.work)
        self._inspections = InspectionStore(context.work)
        self._sites = SiteStore(context.work)
        self._findings = FindingStore(context.work)
        self._prescriptions = PrescriptionStore(context.work)
        self._texts = RestrictedTextStore(context.work)

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
        """Amend one inspection; None when nothing differs."""
        fields = located(site, facts, provider_body=kept.state.provider_body)
        scope = inspection_scope(kept.state.model_copy(update=fields))
        event = kept.becomes(InspectionAmended, scope=scope, **fields)
        return self._inspections.save(event) if event.changed or scope != kept.scope else None

    async def _follow(self, moved: dict[UUID, Kept[InspectionState]]) -> None:
        """What belongs to an inspection moves with it."""
        if not moved:
            return
        scopes: dict[UUID, Scope] = {}
        for key, inspection in moved.items():
            scopes[key] = inner_scope(inspection.state)
        for finding in await self._findings.of(moved):
            scope = scopes[finding.state.id] = scopes[finding.state.inspection_id]
            municipality = moved[finding.state.inspection_id].state.municipality
            event = finding.becomes(FindingAmended, scope=scope, municipality=municipality)
            if event.changed or scope != finding.scope:
                self._findings.save(event)
        for prescription in await self._prescriptions.of(moved):
            state = moved[prescription.state.inspection_id].state
            scopes[prescription.state.id] = scopes[prescription.state.inspection_id]
            wide = public_scope(state.municipality, state.provider_body)
            fields = {name: getattr(state, name) for name in ("municipality", "place_id", "provider_body")}
            amended = prescription.becomes(PrescriptionAmended, scope=wide, **fields)
            if amended.changed or wide != prescription.scope:
                self._prescriptions.save(amended)
        await self._sites.rescope(scopes)
        await self._texts.rescope(scopes)


def _places_of(events: Iterable[Event[Any]]) -> set[UUID]:
    """Where they are, and where those were that moved."""
    found = {event.state.place_id for event in events}
    before = (event.changed.get("place_id", (None, None))[0] for event in events)
    return found | {UUID(place) for place in before if isinstance(place, str)}
