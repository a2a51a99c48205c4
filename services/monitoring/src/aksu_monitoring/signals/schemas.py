"""The wire of signals, and of users met during inspections: the only schemas that hold personal data."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from aksu_monitoring.domain.signal import SIGNAL
from aksu_shared.auth.principal import parse_body
from aksu_shared.db.store import Kept
from aksu_shared.events.monitoring import SignalState
from aksu_shared.privacy.people import Known
from aksu_shared.schemas.base import BadValue, Command, Resource
from aksu_shared.schemas.codes import Code, Line, MunicipalityCode, Note, PersonalNumber
from aksu_shared.terms.steps import verb

SIGNALLER: Final = "signal.signaller"
CONCERNED: Final = "signal.concerned"
REASONS: Final = "signal.reasons"
USER_MET: Final = "inspection.user_met"
"""Classes of personal data, as `retention.toml` has them."""

_COMPETENT: Final = frozenset({"ASP", "RDSP", "DSP", "RZI", "POLICE", "MUNICIPALITY"})
"""Kinds of body to which a signal is forwarded: those whose officers may read it as a party."""
_YEAR: Final = 1900


def _competent(value: str) -> str:
    try:
        kind = parse_body(value).kind
    except ValueError:
        kind = ""
    if kind not in _COMPETENT:
        raise BadValue(
            "unknown_body",
            bg="Няма орган с такъв код, на когото се препращат сигнали.",
            en="There is no body with this code to which signals are forwarded.",
        )
    return value


Phone = Annotated[str, Field(max_length=30, pattern=r"^\+?[0-9][0-9 ()/-]{4,28}$")]
Email = Annotated[str, Field(max_length=265, pattern=r"^[^@\s]{1,64}@[^@\s]{1,200}$")]
CompetentBody = Annotated[str, Field(max_length=40, examples=["RDSP:BLG"]), AfterValidator(_competent)]


class Signaller(Command):
    """Who signals. Who wants to stay unknown leaves this out."""

    name: Line
    phone: Phone | None = None
    email: Email | None = None
    address: Line | None = None


class Concerned(Command):
    """Somebody whom the signal is about."""

    name: Line | None = None
    egn: PersonalNumber | None = None
    phone: Phone | None = None
    address: Line | None = None
    note: Note | None = None


class NewSignal(Command):
    """A signal or complaint. `channel` is for officers who take one down for somebody."""

    category: Annotated[str, Code("signal_categories")]
    municipality: MunicipalityCode
    place_id: UUID | None = None
    service_id: UUID | None = None
    danger_to_life: bool = False
    channel: Annotated[str, Code("signal_channels")] = "PORTAL"
    text: Note
    signaller: Signaller | None = None
    concerned: Annotated[tuple[Concerned, ...], Field(max_length=10)] = ()


class SignalReceipt(Resource):
    """All that whoever signalled gets back; keep the number."""

    receipt: str


class Triage(Command):
    """What the signal is about, having been read; people whom it turns out to concern."""

    category: Annotated[str, Code("signal_categories")]
    danger_to_life: bool
    concerned: Annotated[tuple[Concerned, ...], Field(max_length=10)] = ()


class Forwarding(Command):
    """The competent body."""

    body: CompetentBody


class InspectionPlanned(Command):
    """An inspection follows."""


class Refusal(Command):
    """On what ground, and the reasons; these are kept as personal data."""

    ground: Annotated[str, Code("signal_refusal_grounds")]
    explanation: Note


class SignalClosing(Command):
    """The inspection made."""

    inspection_id: UUID


class SignalSummary(Resource, SignalState):
    """A signal without personal data: in lists, and in answers to commands."""

    version: int

    @classmethod
    def of(cls, kept: Kept[SignalState]) -> Self:
        """The answer to a command."""
        return cls.model_validate(kept.state.model_dump() | {"version": kept.version})


class PersonRead(Resource):
    """Somebody: fields are null once erased, and while processing is restricted."""

    subject_id: UUID
    recorded_at: AwareDatetime
    erased: bool
    restricted: bool

    @classmethod
    def known(cls, person: Known) -> Self:
        """What the caller may see of them."""
        given = {name: value for name, value in person.texts.items() if name in cls.model_fields}
        marks = {name: getattr(person, name) for name in ("subject_id", "recorded_at", "erased", "restricted")}
        return cls.model_validate(given | marks)


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
    """A signal whole, with what this caller may do. `text` is erased and restricted with its sender."""

    text: str | None
    signaller: SignallerRead | None
    concerned: list[ConcernedRead]
    explanation: str | None
    actions: list[str]

    @classmethod
    def whole(cls, row: dict[str, Any], people: Sequence[Known], actions: list[str]) -> Self:
        """A row with the people of whom it tells."""
        senders = [each for each in people if each.kind == SIGNALLER]
        reasons = [each for each in people if each.kind == REASONS]
        return cls.model_validate(
            row
            | {
                "text": senders[0].texts.get("text") if senders else None,
                "signaller": SignallerRead.known(senders[0]) if senders else None,
                "concerned": [ConcernedRead.known(each) for each in people if each.kind == CONCERNED],
                "explanation": reasons[-1].texts.get("explanation") if reasons else None,
                "actions": actions,
            }
        )


def actions_of(state: str, may: Any) -> list[str]:  # noqa: ANN401 - a predicate of rights
    """Last parts of the paths by which a caller may move a signal on now."""
    return [verb(name) for name in SIGNAL.actions(state, may)]


class NewUserMet(Command):
    """A user of the service with whom inspectors spoke. One of ЕГН and year of birth is enough."""

    name: Line
    egn: PersonalNumber | None = None
    birth_year: Annotated[int, Field(ge=_YEAR, le=2100)] | None = None
    note: Note | None = None


class UserMetRecorded(Resource):
    """Under which id it is held."""

    subject_id: UUID
    inspection_id: UUID


class UserMetRead(PersonRead):
    """A user met."""

    name: str | None = None
    egn: str | None = None
    birth_year: int | None = None
    note: str | None = None
