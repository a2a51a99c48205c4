"""Signals and complaints: taken from anybody, triaged, forwarded or decided in their terms."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_monitoring.domain.signal import AWAITED, BY_NAME, DECISION, FORWARDING, SIGNAL
from aksu_monitoring.errors import InspectionUnknown
from aksu_monitoring.schemas.personal import (
    CONCERNED,
    REASONS,
    SIGNALLER,
    Concerned,
    Forwarding,
    InspectionPlanned,
    NewSignal,
    Refusal,
    SignalClosing,
    Triage,
)
from aksu_monitoring.services.numbers import drawn_number
from aksu_monitoring.storage.aggregates import InspectionStore, SignalStore
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal
from aksu_shared.clock import end_of, legal_day
from aksu_shared.db.deadlines import Deadline, schedule
from aksu_shared.db.store import Kept, begins
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Scope
from aksu_shared.events.base import Event
from aksu_shared.events.monitoring import (
    SignalClosed,
    SignalDecided,
    SignalForwarded,
    SignalReceived,
    SignalState,
    SignalTermPassed,
    SignalTriaged,
)
from aksu_shared.privacy.people import Person
from aksu_shared.privacy.store import SubjectStore
from aksu_shared.terms import Terms
from aksu_shared.terms.steps import fire

TERM_PASSED: Final = "signal_term_passed"
"""Kind of the deadlines of both terms."""
_LOOKUP: Final = ("egn", "phone", "email")
_FACTS: Final[Mapping[str, type[Event[SignalState]]]] = {
    "triage": SignalTriaged,
    "forward": SignalForwarded,
    "plan_inspection": SignalDecided,
    "refuse": SignalDecided,
    "close": SignalClosed,
}


def own_key(signal: UUID) -> str:
    """The scope key by which who files a signal writes it, and sees it no further."""
    return f"o:{signal}"


def signal_scope(signal: UUID, forwarded_to: str | None) -> Scope:
    """The Agency, and the body to which it was forwarded: not the territory it lies in."""
    return ("b:AKSU", own_key(signal), *((f"b:{forwarded_to}",) if forwarded_to else ()))


class SignalService:
    """Takes signals and moves them on.

    Every method but `file` and `term_passed` raises NotFound, PreconditionFailed, Forbidden and IllegalTransition.
    """

    def __init__(
        self,
        *,
        work: UnitOfWork,
        signals: SignalStore,
        inspections: InspectionStore,
        subjects: SubjectStore,
        rights: Rights,
        terms: Terms,
    ) -> None:
        self._work = work
        self._signals = signals
        self._inspections = inspections
        self._subjects = subjects
        self._rights = rights
        self._terms = terms

    async def file(self, key: UUID, new: NewSignal, *, by: Principal) -> Kept[SignalState]:
        """Take a signal down under the id given; its scope key is held by the unit of work."""
        state = self._received(key, new, by=by)
        kept = self._signals.save(begins(SignalReceived, state, id=str(key), scope=signal_scope(key, None)))
        sender = new.signaller.model_dump(exclude_none=True) if new.signaller else {}
        people = [self._person(SIGNALLER, kept, sender | {"text": new.text})]
        await self._subjects.add([*people, *self._concerned(kept, new.concerned)])
        due = {FORWARDING: state.forwarding_due, DECISION: state.decision_due}
        deadlines = [
            Deadline(term=term, subject=str(key), revision=1, kind=TERM_PASSED, due_at=end_of(day))
            for term, day in due.items()
        ]
        await schedule(await self._work.begin(), deadlines)
        return kept

    async def triage(self, key: UUID, body: Triage, *, version: int | None, by: Principal) -> Kept[SignalState]:
        """Say what it is about, having read it."""
        kept = await self._open(key, version)
        about_person = kept.state.about_person or bool(body.concerned)
        given: dict[str, Any] = {"category": body.category, "danger_to_life": body.danger_to_life}
        moved = self._fire(kept, "triage", by=by, about_person=about_person, **given)
        await self._subjects.add(list(self._concerned(moved, body.concerned)))
        return moved

    async def forward(self, key: UUID, to: Forwarding, *, version: int | None, by: Principal) -> Kept[SignalState]:
        """Give it to the competent body, which reads all of it from now on."""
        kept = await self._open(key, version)
        today = self._work.clock.today()
        given: dict[str, Any] = {"forwarded_to": to.body, "forwarded_on": today}
        if today > kept.state.forwarding_due and FORWARDING not in kept.state.overdue:
            given["overdue"] = (*kept.state.overdue, FORWARDING)
        moved = self._fire(kept, "forward", by=by, scope=signal_scope(key, to.body), **given)
        await self._subjects.rescope(key, moved.scope)
        await self._subjects.count_from([key], self._work.now)
        return moved

    async def plan_inspection(
        self, key: UUID, _body: InspectionPlanned, *, version: int | None, by: Principal
    ) -> Kept[SignalState]:
        """Decide that an inspection follows."""
        return self._fire(await self._open(key, version), "plan_inspection", by=by, decided_on=self._work.clock.today())

    async def refuse(self, key: UUID, body: Refusal, *, version: int | None, by: Principal) -> Kept[SignalState]:
        """Decide that nothing follows; the reasons are restricted."""
        given: dict[str, Any] = {"refusal_ground": body.ground, "decided_on": self._work.clock.today()}
        moved = self._fire(await self._open(key, version), "refuse", by=by, **given)
        await self._subjects.add([self._person(REASONS, moved, {"explanation": body.explanation})])
        await self._subjects.count_from([key], self._work.now)
        return moved

    async def close(self, key: UUID, body: SignalClosing, *, version: int | None, by: Principal) -> Kept[SignalState]:
        """Name the inspection that was made. Raises InspectionUnknown too."""
        moved = self._fire(await self._open(key, version), "close", by=by, inspection_id=body.inspection_id)
        if not await self._inspections.get_many([body.inspection_id]):
            raise InspectionUnknown
        await self._subjects.count_from([key], self._work.now)
        return moved

    async def term_passed(self, key: UUID, term: str) -> None:
        """The last day of a term is over: told when nobody has read the signal by then, or nobody decided it."""
        kept = await self._signals.get(key)
        if kept.state.state in AWAITED[term] and term not in kept.state.overdue:
            legal_basis = self._terms.get(term, on=legal_day(kept.state.received_at)).legal_basis
            overdue = (*kept.state.overdue, term)
            self._signals.save(kept.becomes(SignalTermPassed, legal_basis=legal_basis, overdue=overdue))

    def _received(self, key: UUID, new: NewSignal, *, by: Principal) -> SignalState:
        today = self._work.clock.today()
        return SignalState(
            id=key,
            receipt=drawn_number("С"),
            channel="PORTAL" if by.anonymous else new.channel,
            category=new.category,
            danger_to_life=new.danger_to_life,
            anonymous=new.signaller is None,
            about_person=bool(new.concerned),
            municipality=new.municipality,
            place_id=new.place_id,
            service_id=new.service_id,
            state=SIGNAL.initial,
            received_at=self._work.now,
            forwarding_due=self._terms.deadline(FORWARDING, today),
            decision_due=self._terms.deadline(DECISION, today),
        )

    def _concerned(self, kept: Kept[SignalState], people: Sequence[Concerned]) -> Sequence[Person]:
        return [self._person(CONCERNED, kept, person.model_dump(exclude_none=True)) for person in people]

    def _person(self, kind: str, kept: Kept[SignalState], fields: Mapping[str, str]) -> Person:
        lookup = {name: fields[name] for name in _LOOKUP if name in fields}
        return Person(subject=uuid7(), kind=kind, row=kept.state.id, fields=fields, scope=kept.scope, lookup=lookup)

    async def _open(self, key: UUID, version: int | None) -> Kept[SignalState]:
        kept = await self._signals.get(key)
        kept.expect(version)
        return kept

    def _fire(
        self,
        kept: Kept[SignalState],
        name: str,
        *,
        by: Principal,
        scope: Scope | None = None,
        **changes: Any,  # noqa: ANN401 - fields of the state
    ) -> Kept[SignalState]:
        self._rights.check(by, BY_NAME[name].action, **whose(kept.state.municipality, kept.state.forwarded_to))
        row = fire(SIGNAL, kept.state.state, name)
        fact = _FACTS[name]
        return self._signals.save(
            kept.becomes(fact, scope=scope, legal_basis=row.legal_basis, state=row.target, **changes)
        )


def whose(municipality: str, forwarded_to: str | None) -> Mapping[str, Any]:
    """A signal as an object of rights: the Agency's, and a party's who it was forwarded to."""
    return {"territory": municipality, "owner": "AKSU", "parties": (forwarded_to,) if forwarded_to else ()}
