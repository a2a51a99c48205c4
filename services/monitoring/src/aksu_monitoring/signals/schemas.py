"""The wire of signals: personal data, but for their summaries."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import Field

from aksu_monitoring.inspections.schemas import OtherBody
from aksu_monitoring.people import PersonRead
from aksu_monitoring.signals.rules import CONCERNED, FORWARDED, REASONS, SIGNALLER
from aksu_shared.db.store import Kept
from aksu_shared.events.monitoring.signals import SignalState
from aksu_shared.kernel.schemas.base import Body, Resource
from aksu_shared.kernel.schemas.codes import Code, Line, MunicipalityCode, Note, PersonalNumber
from aksu_shared.privacy.people import Known

Phone = Annotated[str, Field(max_length=30, pattern=r"^\+?[0-9][0-9 ()/-]{4,28}$")]
Email = Annotated[str, Field(max_length=265, pattern=r"^[^@\s]{1,64}@[^@\s]{1,200}$")]


class Signaller(Body):
    """Who signals. Who wants to stay unknown leaves this out."""

    name: Line
    phone: Phone | None = None
    email: Email | None = None
    address: Line | None = None


class Concerned(Body):
    """Somebody whom the signal is about."""

    name: Line | None = None
    egn: PersonalNumber | None = None
    phone: Phone | None = None
    address: Line | None = None
    note: Note | None = None


PORTAL: Final = "PORTAL"
"""The channel of those who signal themselves; by the others an officer takes a signal down for somebody."""


class NewSignal(Body):
    """A signal or complaint. `channel` is for officers who take one down for somebody."""

    category: Annotated[str, Code("signal_categories")]
    municipality: MunicipalityCode
    place_id: UUID | None = None
    service_id: UUID | None = None
    danger_to_life: bool = False
    channel: Annotated[str, Code("signal_channels")] = PORTAL
    text: Note
    signaller: Signaller | None = None
    concerned: Annotated[tuple[Concerned, ...], Field(max_length=10)] = ()


class SignalReceipt(Resource):
    """All that whoever signalled gets back; keep the number."""

    receipt: str


class Triage(Body):
    """What the signal is about, having been read; people whom it turns out to concern."""

    category: Annotated[str, Code("signal_categories")]
    danger_to_life: bool
    concerned: Annotated[tuple[Concerned, ...], Field(max_length=10)] = ()


class Forwarding(Body):
    """The competent body, and what it is told: all that it needs of the signal, without a word of who sent it."""

    body: OtherBody
    text: Note


class DangerLowered(Body):
    """Why no life is in danger; kept as personal data."""

    explanation: Note


class InspectionPlanned(Body):
    """An inspection follows."""


class Refusal(Body):
    """On what ground, and the reasons; these are kept as personal data."""

    ground: Annotated[str, Code("signal_refusal_grounds")]
    explanation: Note


class SignalClosing(Body):
    """The inspection made."""

    inspection_id: UUID


class SignalSummary(Resource, SignalState):
    """A signal without personal data: in lists, and in answers to commands."""

    version: int

    @classmethod
    def of(cls, kept: Kept[SignalState]) -> Self:
        """The answer to a command."""
        return cls.model_validate(kept.state.model_dump() | {"version": kept.version})


class SignallerRead(PersonRead):
    """Who signalled; only the marks of who did not say who they are."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None


class ConcernedRead(PersonRead):
    """Whom it is about."""

    name: str | None = None
    egn: str | None = None
    phone: str | None = None
    address: str | None = None
    note: str | None = None


class SignalRead(SignalSummary):
    """A signal whole, with what this caller may do. `text` is erased and restricted with its sender.

    Who sent it stays with the Agency. The body to which it was forwarded reads, as `text`, what it was told.
    """

    text: str | None
    forwarded_text: str | None
    signaller: SignallerRead | None
    concerned: list[ConcernedRead]
    explanation: str | None
    actions: list[str]

    @classmethod
    def whole(cls, row: dict[str, Any], people: Sequence[Known], actions: list[str]) -> Self:
        """A row with the people of whom it tells."""
        senders = [each for each in people if each.kind == SIGNALLER]
        reasons = [each for each in people if each.kind == REASONS]
        told = [each.texts.get("text") for each in people if each.kind == FORWARDED]
        forwarded = told[-1] if told else None
        return cls.model_validate(
            row
            | {
                "text": senders[0].texts.get("text") if senders else forwarded,
                "forwarded_text": forwarded,
                "signaller": SignallerRead.known(senders[0]) if senders else None,
                "concerned": [ConcernedRead.known(each) for each in people if each.kind == CONCERNED],
                "explanation": reasons[-1].texts.get("explanation") if reasons else None,
                "actions": actions,
            }
        )
