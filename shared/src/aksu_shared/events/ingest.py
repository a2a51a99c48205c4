"""What other systems push about their inspections: CloudEvents of four types, read strictly.

`source` names the pushing system, `subject` its own reference of the inspection, `sequence` (a CloudEvents extension)
counts the events of one inspection from 1: started first, closed last, findings and prescriptions between them, in
any order of arrival. Identity of an event is (source, id). Days are Europe/Sofia.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

from aksu_shared.kernel.schemas.base import BadValue, Body
from aksu_shared.kernel.schemas.codes import Code, Eik, Line, MunicipalityCode, Note

STARTED: Final = "bg.aksu.ingest.inspection.started.v1"
FINDING: Final = "bg.aksu.ingest.inspection.finding.v1"
PRESCRIPTION: Final = "bg.aksu.ingest.inspection.prescription.v1"
CLOSED: Final = "bg.aksu.ingest.inspection.closed.v1"

MAX_SEQUENCE: Final = 10_000
"""Events of one inspection, at most."""
MAX_BATCH: Final = 100
"""Events of one request, at most."""
MAX_BYTES: Final = 65_536
"""Size of one event as JSON in UTF-8, at most."""

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)]


class PlaceGiven(Body):
    """Where: the registry's id of the place, or its address in full, or both."""

    place_id: UUID | None = None
    municipality: MunicipalityCode | None = None
    settlement: Line | None = None
    address: Line | None = None

    @model_validator(mode="after")
    def _found_by_one(self) -> Self:
        whole = (self.municipality, self.settlement, self.address)
        if all(whole) or (self.place_id is not None and not any(whole)):
            return self
        raise BadValue(
            "place_incomplete",
            bg="Мястото се посочва с place_id или с municipality, settlement и address.",
            en="A place is given by `place_id`, or by `municipality`, `settlement` and `address`.",
        )


class Started(Body):
    """Work at the place began. `provider_eik`: whom the inspectors found running it, registered or not."""

    kind: Annotated[str, Code("inspection_kinds")]
    place: PlaceGiven
    provider_eik: Eik | None = None
    started_on: date


class Finding(Body):
    """A result for one criterion of a standard, of the version of the catalogue in force."""

    standard: Word
    criterion: Word | None = None
    catalogue_version: Word
    result: Annotated[str, Code("finding_results")]
    note: Note | None = None


class Prescription(Body):
    """A mandatory prescription; `reference` is the source's own and one of its kind within the inspection."""

    reference: Word
    text: Text
    issued_on: date
    due_on: date

    @model_validator(mode="after")
    def _term_runs_forward(self) -> Self:
        if self.due_on < self.issued_on:
            raise BadValue(
                "due_before_issue",
                bg="Срокът (due_on) изтича преди издаването (issued_on).",
                en="The term (`due_on`) ends before the issue (`issued_on`).",
            )
        return self


class Closed(Body):
    """The inspection ended. `last_sequence` is the sequence of this event: how many events make the inspection."""

    closed_on: date
    outcome: Annotated[str, Code("inspection_outcomes")]
    last_sequence: Annotated[int, Field(ge=2, le=MAX_SEQUENCE)]


Data: TypeAlias = Started | Finding | Prescription | Closed

DATA: Final[Mapping[str, type[Data]]] = MappingProxyType(
    {STARTED: Started, FINDING: Finding, PRESCRIPTION: Prescription, CLOSED: Closed}
)
"""Type of event → shape of its data."""


def _number(value: Any) -> Any:  # noqa: ANN401 - whatever the sender wrote
    """The extension is text in CloudEvents and in headers; JSON senders write a number as well."""
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


def _leap(value: Any) -> Any:  # noqa: ANN401 - whatever the sender wrote
    """A leap second is an instant in RFC 3339 and none in Python: the second before it stands for it."""
    leap = isinstance(value, str) and _LEAP.fullmatch(value)
    return f"{leap[1]}59{leap[2]}" if leap else value


def _json_in_utf8(value: str) -> str:
    """JSON, whose only charset is UTF-8."""
    media, *parameters = (part.strip().lower() for part in value.split(";"))
    charsets = [each.partition("=")[2].strip(' "') for each in parameters if each.startswith("charset")]
    if media == "application/json" and set(charsets) <= {"utf-8"}:
        return value
    raise BadValue(
        "not_json",
        bg="Данните са application/json в UTF-8.",
        en="The data are application/json in UTF-8.",
    )


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise BadValue(
            "time_out_of_range", bg="Моментът е извън календара.", en="The instant lies outside the calendar."
        ) from None


def _trace(value: Any) -> str | None:  # noqa: ANN401 - whatever the sender wrote
    """W3C Trace Context; what is none of it is let pass unused, like any extension that means nothing here."""
    return value if isinstance(value, str) and _TRACEPARENT.fullmatch(value) else None


_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
_LEAP = re.compile(r"([0-9-]{10}[Tt ][0-9]{2}:59:)60(.{1,20})", re.ASCII)
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Envelope(Body):
    """Attributes of a pushed CloudEvent. Extensions that mean nothing here are let pass, as the standard asks."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    specversion: Literal["1.0"]
    id: _Identifier
    source: _Identifier
    subject: _Identifier
    sequence: Annotated[int, BeforeValidator(_number), Field(ge=1, le=MAX_SEQUENCE)]
    time: Annotated[datetime, AfterValidator(_utc), BeforeValidator(_leap)] | None = None
    datacontenttype: Annotated[str, StringConstraints(max_length=200), AfterValidator(_json_in_utf8)] | None = None
    traceparent: Annotated[str | None, BeforeValidator(_trace)] = None


class StartedEvent(Envelope):
    """`…inspection.started.v1`."""

    type: Literal["bg.aksu.ingest.inspection.started.v1"]
    data: Started


class FindingEvent(Envelope):
    """`…inspection.finding.v1`."""

    type: Literal["bg.aksu.ingest.inspection.finding.v1"]
    data: Finding


class PrescriptionEvent(Envelope):
    """`…inspection.prescription.v1`."""

    type: Literal["bg.aksu.ingest.inspection.prescription.v1"]
    data: Prescription


class ClosedEvent(Envelope):
    """`…inspection.closed.v1`."""

    type: Literal["bg.aksu.ingest.inspection.closed.v1"]
    data: Closed

    @model_validator(mode="after")
    def _last(self) -> Self:
        if self.data.last_sequence != self.sequence:
            raise BadValue(
                "not_the_last",
                bg="last_sequence трябва да е поредният номер (sequence) на самото събитие за приключване.",
                en="`last_sequence` must be the `sequence` of the closing event itself.",
            )
        return self


PushedEvent: TypeAlias = Annotated[
    StartedEvent | FindingEvent | PrescriptionEvent | ClosedEvent, Field(discriminator="type")
]
PUSHED: Final[TypeAdapter[StartedEvent | FindingEvent | PrescriptionEvent | ClosedEvent]] = TypeAdapter(PushedEvent)
"""Reads one pushed event from parsed JSON. Raises pydantic's ValidationError."""
