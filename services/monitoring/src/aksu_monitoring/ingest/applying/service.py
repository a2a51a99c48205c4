"""Applying staged events: the contiguous prefix of each pushed inspection, many inspections in few statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from uuid_utils.compat import uuid7

from aksu_monitoring.ingest.applying.rules import Dossier, Refused, closed_state
from aksu_monitoring.ingest.sources.rules import staging_scope
from aksu_monitoring.ingest.staging.rules import SeriesKey, missing, next_in_turn
from aksu_monitoring.ingest.staging.store import Mark, PushedInspection, Staged, StagingStore
from aksu_monitoring.inspections.rules import inner_scope, inspection_scope
from aksu_monitoring.inspections.service import finding_of
from aksu_monitoring.inspections.store import FindingStore, InspectedSite, InspectionStore, SiteStore
from aksu_monitoring.places.rules import PlaceFacts, Site, located, stated_provider
from aksu_monitoring.places.store import PlaceFactStore
from aksu_monitoring.prescriptions.service import prescription_of
from aksu_monitoring.prescriptions.store import PrescriptionStore
from aksu_monitoring.texts.store import RestrictedText, RestrictedTextStore
from aksu_shared.db.store import Kept, begins
from aksu_shared.db.work import Actor
from aksu_shared.events.ingest import DATA, Closed, Data, Finding, Prescription, Started
from aksu_shared.events.monitoring.inspections import InspectionClosed, InspectionStarted, InspectionState
from aksu_shared.procedures.context import Context


@dataclass(slots=True, kw_only=True)
class _Subject:
    """One pushed inspection while its events are applied."""

    pushed: PushedInspection
    dossier: Dossier
    turn: list[tuple[Staged, Data | Refused]]
    kept: Kept[InspectionState] | None = None
    site: Site | None = None
    facts: PlaceFacts | None = None


@dataclass(slots=True)
class _Effects:
    """What is written beside the events of the change log."""

    marks: list[Mark] = field(default_factory=list)
    progress: list[dict[str, Any]] = field(default_factory=list)
    texts: list[RestrictedText] = field(default_factory=list)
    sites: list[InspectedSite] = field(default_factory=list)


class ApplyingService:
    """Gives staged events their effect, in the order of their sequences, whichever way they came."""

    def __init__(self, context: Context) -> None:
        self.work = context.work
        self._today = context.today
        self._staging = StagingStore(context.work)
        self._places = PlaceFactStore(context.work)
        self._inspections = InspectionStore(context.work)
        self._sites = SiteStore(context.work)
        self._findings = FindingStore(context.work)
        self._prescriptions = PrescriptionStore(context.work)
        self._texts = RestrictedTextStore(context.work)

    async def due(self, *, limit: int) -> list[SeriesKey]:
        """Inspections that have events not looked at yet."""
        return await self._staging.due(limit=limit)

    async def apply(self, keys: Sequence[SeriesKey], *, at_most: int | None = None) -> int:
        """Apply what is in turn, of each inspection `at_most` so many; hold the rest; give how many events moved."""
        await self._places.alone()
        subjects = await self._subjects(await self._staging.inspections(keys), at_most)
        done = _Effects()
        for subject in subjects:
            self._advance(subject, done)
        await self._sites.add(done.sites)
        await self._texts.add(done.texts)
        await self._staging.mark(done.marks)
        await self._staging.progress(done.progress)
        return len(done.marks)

    async def turn(self, key: SeriesKey) -> list[UUID]:
        """The events of an inspection that are in turn, in order."""
        inspections = await self._staging.inspections([key])
        return [event.id for pushed in inspections for event in next_in_turn(pushed.applied, pushed.events)]

    async def park(self, key: SeriesKey, event: UUID, *, detail: str) -> bool:
        """Park `event`, for which applying failed by itself, unless its turn has passed; whether it was parked.

        Who judges may have stood still, and another worker has applied it meanwhile.
        """
        await self._places.alone()
        for pushed in await self._staging.inspections([key]):
            for failed in next_in_turn(pushed.applied, pushed.events)[:1]:
                if failed.id != event:
                    break
                done = _Effects(marks=[Mark(event, "PARKED", "FAILED", detail)])
                self._hold(pushed, [each for each in pushed.events if each is not failed], {failed.sequence}, done)
                await self._staging.mark(done.marks)
                await self._staging.progress(done.progress)
                return True
        return False

    async def _subjects(self, inspections: Iterable[PushedInspection], at_most: int | None) -> list[_Subject]:
        """The inspections with all that judging their events needs, read in a few statements."""
        subjects = [
            _Subject(pushed=pushed, dossier=Dossier(), turn=[(e, _read(e)) for e in _in_turn(pushed, at_most)])
            for pushed in inspections
        ]
        known = [each for each in subjects if each.pushed.inspection_id is not None and each.turn]
        if known:
            await self._recall(known)
        starting = []
        for subject in subjects:
            first = subject.turn[0][1] if subject.turn else None
            if isinstance(first, Started) and subject.kept is None:
                subject.site = Site.of(first.place, provider_eik=first.provider_eik, day=first.started_on)
                starting.append(subject)
        if starting:
            found = await self._places.facts([subject.site for subject in starting if subject.site])
            for subject, facts in zip(starting, found, strict=True):
                subject.facts = facts
        return subjects

    async def _recall(self, subjects: Sequence[_Subject]) -> None:
        ids = [subject.pushed.inspection_id for subject in subjects if subject.pushed.inspection_id]
        kept = await self._inspections.get_many(ids)
        tallies = await self._inspections.tallies(ids)
        for subject in subjects:
            key = str(subject.pushed.inspection_id)
            subject.kept = kept[key]
            state = kept[key].state
            subject.dossier = Dossier(
                started_on=state.started_on,
                closed=state.closed_on is not None,
                failed=tallies[key].failed,
                references=set(tallies[key].references),
            )

    def _advance(self, subject: _Subject, done: _Effects) -> None:
        """Record the events of one inspection until one is refused or none is left in turn."""
        pushed = subject.pushed
        settled: set[UUID] = set()
        refused: set[int] = set()
        for event, data in subject.turn:
            settled.add(event.id)
            try:
                if isinstance(data, Refused):
                    raise data
                subject.dossier.admit(data, confirmed=event.confirmed_by is not None)
            except Refused as why:
                done.marks.append(Mark(event.id, "PARKED", why.reason, why.detail))
                refused.add(event.sequence)
                break
            self.work.actor = Actor(subject=event.confirmed_by or pushed.source)
            self.work.correlation_id, self.work.traceparent = event.correlation_id, event.traceparent
            self._record(subject, event, data, done)
            done.marks.append(Mark(event.id, "APPLIED"))
            pushed.applied = event.sequence
        pushed.inspection_id = subject.kept.state.id if subject.kept else pushed.inspection_id
        self._hold(pushed, [event for event in pushed.events if event.id not in settled], refused, done)

    def _hold(self, pushed: PushedInspection, waiting: Sequence[Staged], refused: set[int], done: _Effects) -> None:
        """Note what still waits, for what, and since when. What is in turn and was left for later is due again."""
        stuck = refused | {event.sequence for event in waiting if event.parked}
        turn = set() if refused else {event.id for event in next_in_turn(pushed.applied, waiting)}
        held = [event for event in waiting if not event.parked and event.id not in turn]
        done.marks += [Mark(event.id, "HELD") for event in held if event.state != "HELD"]
        done.marks += [Mark(event.id, "PENDING") for event in waiting if event.id in turn and event.state == "HELD"]
        gaps, count = missing(pushed.applied, [*stuck, *(event.sequence for event in waiting)])
        stopped = {event.id for event in held} | {event.id for event in pushed.events if event.sequence in stuck}
        done.progress.append(
            {
                "source": pushed.source,
                "subject": pushed.subject,
                "inspection_id": pushed.inspection_id,
                "applied": pushed.applied,
                "held": len(held),
                "missing": gaps,
                "missing_count": count,
                "parked": sorted(stuck),
                "since": min((event.received_at for event in pushed.events if event.id in stopped), default=None),
                "scope": staging_scope(pushed.source),
            }
        )

    def _record(self, subject: _Subject, event: Staged, data: Data, done: _Effects) -> None:
        if isinstance(data, Started):
            self._start(subject, data, done)
        elif isinstance(data, Finding):
            finding, notes = finding_of(_of(subject), data, number=event.sequence, at=event.at)
            self._findings.save(finding)
            done.texts += notes
        elif isinstance(data, Prescription):
            prescription, text = prescription_of(_of(subject), data)
            self._prescriptions.save(prescription)
            done.texts.append(text)
        else:
            self._close(subject, data, confirmed_on=self._today if event.confirmed_by else None)

    def _start(self, subject: _Subject, data: Started, done: _Effects) -> None:
        site, facts = subject.site, subject.facts
        if site is None or facts is None:
            raise LookupError("an inspection starts without its site having been looked up")
        provider = stated_provider(data.provider_eik)
        state = InspectionState(
            id=uuid7(),
            source=subject.pushed.source,
            reference=subject.pushed.subject,
            kind=data.kind,
            state="IN_PROGRESS",
            outcome=None,
            started_on=data.started_on,
            closed_on=None,
            provider_body=provider,
            provider_basis="SOURCE" if provider else None,
            **located(site, facts, provider_body=provider),
        )
        begun = begins(InspectionStarted, state, id=str(state.id), scope=inspection_scope(state))
        subject.kept = self._inspections.save(begun)
        done.sites.append(InspectedSite(state.id, site, inner_scope(state)))

    def _close(self, subject: _Subject, data: Closed, *, confirmed_on: date | None) -> None:
        if subject.kept is None:
            raise LookupError("an inspection closes that was not started")
        count = len(subject.dossier.references)
        event = subject.kept.becomes(
            InspectionClosed,
            state=closed_state(data.outcome, prescriptions=count),
            outcome=data.outcome,
            closed_on=data.closed_on,
            confirmed_on=confirmed_on,
            failed_criteria=subject.dossier.failed,
            prescriptions=count,
        )
        subject.kept = self._inspections.save(event)


def _of(subject: _Subject) -> InspectionState:
    if subject.kept is None:
        raise LookupError("a finding or prescription of an inspection that was not started")
    return subject.kept.state


def _in_turn(pushed: PushedInspection, at_most: int | None) -> list[Staged]:
    return next_in_turn(pushed.applied, pushed.events)[:at_most]


def _read(event: Staged) -> Data | Refused:
    """The data of a staged event; refused where today's shape does not take it any more."""
    try:
        return DATA[event.type].model_validate_json(event.data)
    except ValidationError as error:
        places = ", ".join("/".join(("data", *map(str, each["loc"]))) for each in error.errors(include_input=False)[:5])
        return Refused("INVALID_DATA", places)
