"""Signals and complaints: taken from anybody, and what is held of the people of whom they tell."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_monitoring.inspections.errors import InspectionUnknown
from aksu_monitoring.inspections.store import InspectionStore
from aksu_monitoring.numbers import drawn_number
from aksu_monitoring.signals.errors import NamesSender
from aksu_monitoring.signals.machine import SIGNAL_MACHINE
from aksu_monitoring.signals.queries import SIGNAL_BY_ID
from aksu_monitoring.signals.rules import (
    AWAITED,
    CONCERNED,
    DECISION,
    FORWARDED,
    FORWARDING,
    REASONS,
    SIGNALLER,
    missed,
    names_sender,
    signal_scope,
)
from aksu_monitoring.signals.schemas import PORTAL, Concerned, NewSignal
from aksu_monitoring.signals.store import SignalStore
from aksu_shared.db.deadlines import Deadline, schedule
from aksu_shared.db.store import Kept, begins
from aksu_shared.events.monitoring.signals import SignalReceived, SignalState, SignalTermPassed
from aksu_shared.kernel.clock import end_of, legal_day
from aksu_shared.privacy.people import Person, opened
from aksu_shared.privacy.store import SubjectStore
from aksu_shared.procedures.context import Context

TERM_PASSED: Final = "signal_term_passed"
"""Kind of the deadlines of both terms."""
_LOOKUP: Final = ("egn", "phone", "email")


class SignalService:
    """Takes signals, and keeps what belongs to them; `SIGNAL_STEPS` moves them on."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.store = SignalStore(context.work)
        self._inspections = InspectionStore(context.work)
        self._subjects = SubjectStore(context.work, context.keys)

    async def file(self, key: UUID, new: NewSignal, *, taken_down: bool) -> Kept[SignalState]:
        """Take a signal in under the id given; its scope key is held by the unit of work.

        `taken_down`: by an officer for somebody, so that the channel is as the officer says.
        """
        state = self._received(key, new, channel=new.channel if taken_down else PORTAL)
        kept = self.store.save(begins(SignalReceived, state, id=str(key), scope=signal_scope(state)))
        sender = new.signaller.model_dump(exclude_none=True) if new.signaller else {}
        people = [_person(SIGNALLER, kept, sender | {"text": new.text})]
        await self._subjects.add([*people, *_concerned(kept, new.concerned)])
        due = {FORWARDING: state.forwarding_due, DECISION: state.decision_due}
        deadlines = [
            Deadline(term=term, subject=str(key), revision=1, kind=TERM_PASSED, due_at=end_of(day))
            for term, day in due.items()
        ]
        await schedule(await self.context.work.begin(), deadlines)
        return kept

    async def add_concerned(self, kept: Kept[SignalState], people: Sequence[Concerned]) -> None:
        """Keep people whom it turns out to concern."""
        await self._subjects.add(_concerned(kept, people))

    async def add_reasons(self, kept: Kept[SignalState], explanation: str) -> None:
        """Keep the reasons of a refusal, or why no life is in danger, as personal data."""
        await self._subjects.add([_person(REASONS, kept, {"explanation": explanation})])

    async def check_discreet(self, signal: UUID, text: str) -> None:
        """Raise NamesSender when a text for another body tells who signalled."""
        connection = await self.context.work.begin()
        found = await connection.fetchrow(SIGNAL_BY_ID.sql, *SIGNAL_BY_ID.args({"id": signal}))
        for person in opened(self.context.keys, found and found["people"]):
            if person.kind == SIGNALLER and names_sender(text, person.texts):
                raise NamesSender

    async def hand_over(self, kept: Kept[SignalState], text: str) -> None:
        """Let the body to which it was forwarded read what it is told, and of whom it tells: not who sent it."""
        await self._subjects.rescope(kept.state.id, kept.scope, kinds=[CONCERNED])
        await self._subjects.add([_person(FORWARDED, kept, {"text": text})])

    async def conclude(self, signal: UUID) -> None:
        """Begin the time after which what is held of its people is destroyed."""
        await self._subjects.count_from([signal], self.context.work.now)

    async def check_inspection(self, inspection: UUID) -> None:
        """Raise InspectionUnknown unless there is such an inspection."""
        if not await self._inspections.get_many([inspection]):
            raise InspectionUnknown

    async def term_passed(self, key: UUID, term: str) -> None:
        """The last day of a term is over: told when nobody has read the signal by then, or nobody decided it."""
        kept = await self.store.get(key)
        if kept.state.state in AWAITED[term] and term not in kept.state.overdue:
            legal_basis = self.context.terms.get(term, on=legal_day(kept.state.received_at)).legal_basis
            self.store.save(kept.becomes(SignalTermPassed, legal_basis=legal_basis, overdue=missed(kept.state, term)))

    def _received(self, key: UUID, new: NewSignal, *, channel: str) -> SignalState:
        today, terms = self.context.today, self.context.terms
        return SignalState(
            id=key,
            receipt=drawn_number("С"),
            channel=channel,
            category=new.category,
            danger_to_life=new.danger_to_life,
            anonymous=new.signaller is None,
            about_person=bool(new.concerned),
            municipality=new.municipality,
            place_id=new.place_id,
            service_id=new.service_id,
            state=SIGNAL_MACHINE.initial,
            received_at=self.context.work.now,
            forwarding_due=terms.deadline(FORWARDING, today),
            decision_due=terms.deadline(DECISION, today),
        )


def _concerned(kept: Kept[SignalState], people: Sequence[Concerned]) -> Sequence[Person]:
    return [_person(CONCERNED, kept, person.model_dump(exclude_none=True)) for person in people]


def _person(kind: str, kept: Kept[SignalState], fields: Mapping[str, str]) -> Person:
    lookup = {name: fields[name] for name in _LOOKUP if name in fields}
    return Person(subject=uuid7(), kind=kind, row=kept.state.id, fields=fields, scope=kept.scope, lookup=lookup)
