"""Which conditions a procedure has, and what is known of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from uuid_utils.compat import uuid7

from aksu_licensing.conditions.errors import ConditionEstablished, ConditionNotRequired
from aksu_shared.events.base import Scope
from aksu_shared.events.licensing.applications import ApplicationState
from aksu_shared.events.licensing.conditions import Condition, ConditionsState
from aksu_shared.kernel.codelists import require

MET: Final = "MET"
NOT_MET: Final = "NOT_MET"
UNKNOWN: Final = "UNKNOWN"
OFFICER: Final = "OFFICER"
MANAGER_CHECK: Final = "MANAGER_CHECK"
LICENCE_REGISTER: Final = "LICENCE_REGISTER"
REGISTRY: Final = "REGISTRY"

ELIGIBLE_PERSON: Final = "ELIGIBLE_PERSON"
NO_BAR_REVOKED: Final = "NO_BAR_REVOKED"
BAR: Final = "licensing.bar"
"""Key of the term for which a revocation bars its holder."""
SCOPE: Final[Scope] = ("b:AKSU",)
"""Who sees conditions: the Agency alone."""

_ISSUE: Final = (
    ELIGIBLE_PERSON, "NO_INSOLVENCY", "NOT_IN_LIQUIDATION", "NOT_CONVICTED", "QUALITY_STANDARDS",
    "NO_BAR_UNLICENSED", NO_BAR_REVOKED, "NO_BAR_DANGER", "FEE",
)  # fmt: skip
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "ISSUE": _ISSUE,
    "RENEW": (*_ISSUE, "PRESCRIPTIONS", "NO_DECREES", "REPORTS_GIVEN"),
    "CHANGE": (),
    "TERMINATE": (),
}
"""Procedure → what must be met (чл. 148, чл. 156, ал. 1, чл. 161, ал. 1). A change is never refused (чл. 155)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is said of a condition: its `result`, from which `source`, why, by whom (a pseudonym), on which day.

    Construction raises ValueError for a code of no list.
    """

    result: str
    source: str
    reason: str | None
    by: str
    on: date

    def __post_init__(self) -> None:
        """Refuse codes that nobody could read."""
        require("condition_results", self.result)
        require("condition_sources", self.source)


def listed(application: ApplicationState) -> ConditionsState:
    """The conditions of an application of which nobody has told anything yet (D18: UNKNOWN)."""
    return ConditionsState(
        id=uuid7(),
        application_id=application.id,
        procedure=application.procedure,
        provider_id=application.provider_id,
        provider_body=application.provider_body,
        conditions=tuple(Condition(code=code, result=UNKNOWN) for code in REQUIRED[application.procedure]),
    )


def with_findings(state: ConditionsState, findings: Mapping[str, Finding]) -> tuple[Condition, ...]:
    """The conditions after `findings`, by code. Raises ConditionNotRequired, ConditionEstablished."""
    if foreign := findings.keys() - {condition.code for condition in state.conditions}:
        raise ConditionNotRequired(listed=", ".join(sorted(foreign)), conditions=sorted(foreign))
    return tuple(
        _found(condition, findings[condition.code]) if condition.code in findings else condition
        for condition in state.conditions
    )


def _found(condition: Condition, finding: Finding) -> Condition:
    established = condition.result == NOT_MET and condition.source != OFFICER
    if established and finding.source == OFFICER and finding.result != NOT_MET:
        raise ConditionEstablished(condition=condition.code)
    return Condition(
        code=condition.code,
        result=finding.result,
        source=finding.source,
        reason=finding.reason,
        assessed_by=finding.by,
        assessed_on=finding.on,
    )


def unmet(conditions: Collection[Condition]) -> list[str]:
    """Codes of those not known to be met, in their order."""
    return [condition.code for condition in conditions if condition.result != MET]


def overridden(conditions: Collection[Condition], reasons: Mapping[str, str]) -> tuple[Condition, ...]:
    """The conditions with the reasons of one proposal alone; those of a former one fall away."""
    return tuple(condition.with_changes({"override": reasons.get(condition.code)}) for condition in conditions)
