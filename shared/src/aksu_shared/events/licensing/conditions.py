"""Facts of the conditions that must be met before a licence is issued or renewed."""

from datetime import date
from typing import Annotated
from uuid import UUID

from aksu_shared.events.base import Event, State
from aksu_shared.kernel.schemas.codes import CodeOf


class Condition(State):
    """One condition (чл. 148, чл. 156, ал. 1 ЗСУ), as far as it is known to be met.

    `result` is MET, NOT_MET or UNKNOWN; `source` what it follows from, None while nobody told anything. `assessed_by`
    is a pseudonym. `override` is why the proposal in hand grants although the condition is not met; no personal data.
    """

    code: Annotated[str, CodeOf("application_requirements")]
    result: Annotated[str, CodeOf("condition_results")]
    source: Annotated[str, CodeOf("condition_sources")] | None = None
    reason: str | None = None
    assessed_by: str | None = None
    assessed_on: date | None = None
    override: str | None = None


class ConditionsState(State):
    """The conditions of one application. For the Agency alone: some tell of people."""

    id: UUID
    application_id: UUID
    procedure: Annotated[str, CodeOf("application_procedures")]
    provider_id: UUID
    provider_body: str
    conditions: tuple[Condition, ...]


class ConditionsEvent(Event[ConditionsState], aggregate="licensing.conditions"):
    """About the conditions of an application."""


class ConditionsListed(ConditionsEvent, fact="listed"):
    """The application was registered; what must be met for it is listed."""


class ConditionsAssessed(ConditionsEvent, fact="assessed"):
    """Somebody, or another record, said of a condition whether it is met."""


class ConditionsOverridden(ConditionsEvent, fact="overridden"):
    """A proposal to grant says why it does so although conditions are not met."""
