"""The rules of a pushed inspection: what may follow what, decided in the order of sequences and on facts alone.

A pushed inspection was ordered, conducted and approved where it comes from. What arrives are its facts, so it goes from
IN_PROGRESS to the state that its outcome means, without the steps between.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from aksu_monitoring.ingest.staging.rules import NEEDS_CONFIRMATION
from aksu_monitoring.inspections.rules import FAILED_RESULTS
from aksu_shared.events.ingest import Closed, Data, Finding, Prescription, Started

OUTCOME_STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "NO_FINDINGS": "CLOSED_NO_FINDINGS",
        "NO_ACTIVITY": "CLOSED_NO_FINDINGS",
        "PRESCRIPTIONS": "CLOSED_WITH_PRESCRIPTIONS",
        "UNLICENSED_ACTIVITY": "CLOSED",
        "ACCESS_DENIED": "ACCESS_DENIED",
    }
)
"""Outcome → state of the inspection closed with it."""


ACCUSING: Final = frozenset({"UNLICENSED_ACTIVITY", "ACCESS_DENIED"})
"""Outcomes that say of somebody that they broke the law (чл. 166, 168–170 ЗСУ): the Agency stands for them, or none."""


class Refused(Exception):
    """The event contradicts those before it. `reason` is of code list parking_reasons; `detail` names fields."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(slots=True, kw_only=True)
class Dossier:
    """What is known of one pushed inspection when its next event is judged."""

    started_on: date | None = None
    closed: bool = False
    failed: int = 0
    references: set[str] = field(default_factory=set)

    def admit(self, data: Data, *, confirmed: bool = False) -> None:
        """Take the next event, which a person of the Agency `confirmed` or not. Raises Refused, nothing has changed."""
        if self.closed:
            raise Refused("ALREADY_CLOSED", "type")
        if isinstance(data, Started):
            if self.started_on is not None:
                raise Refused("ALREADY_STARTED", "type")
            self.started_on = data.started_on
        elif self.started_on is None:
            raise Refused("NOT_STARTED", "type")
        elif isinstance(data, Finding):
            self.failed += data.result in FAILED_RESULTS
        elif isinstance(data, Prescription):
            self._prescribe(data, self.started_on)
        else:
            self._close(data, self.started_on, confirmed=confirmed)

    @property
    def prescriptions(self) -> int:
        """How many were issued."""
        return len(self.references)

    def _prescribe(self, data: Prescription, started_on: date) -> None:
        if data.issued_on < started_on:
            raise Refused("BEFORE_START", "data/issued_on")
        if data.reference in self.references:
            raise Refused("REFERENCE_TAKEN", "data/reference")
        self.references.add(data.reference)

    def _close(self, data: Closed, started_on: date, *, confirmed: bool) -> None:
        if data.closed_on < started_on:
            raise Refused("BEFORE_START", "data/closed_on")
        clean = not self.references and not self.failed
        without = not self.references and data.outcome == "PRESCRIPTIONS"
        if without or (data.outcome == "NO_FINDINGS" and not clean):
            raise Refused("OUTCOME_CONTRADICTS", "data/outcome")
        if data.outcome in ACCUSING and not confirmed:
            raise Refused(NEEDS_CONFIRMATION, "data/outcome")
        self.closed = True


def closed_state(outcome: str, *, prescriptions: int) -> str:
    """State of an inspection closed with this outcome; one that leaves prescriptions behind is to be followed up."""
    if outcome == "UNLICENSED_ACTIVITY" and prescriptions:
        return "CLOSED_WITH_PRESCRIPTIONS"
    return OUTCOME_STATES[outcome]
