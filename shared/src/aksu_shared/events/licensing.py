"""Facts of licensing: applications and licences."""

from datetime import date
from uuid import UUID

from aksu_shared.events.base import Event, State


class ApplicationState(State):
    """An application in one of the licensing procedures (чл. 149–159 ЗСУ). Days are Europe/Sofia."""

    id: UUID
    procedure: str
    state: str
    service_id: UUID
    provider_id: UUID
    provider_body: str
    municipality: str
    incoming_number: str | None
    received_on: date | None
    decision_due: date | None
    decided_on: date | None
    licence_id: UUID | None


class ApplicationEvent(Event[ApplicationState], aggregate="licensing.application"):
    """About an application."""


class ApplicationFiled(ApplicationEvent, fact="filed"):
    """The provider submitted it."""


class ApplicationRegistered(ApplicationEvent, fact="registered"):
    """It got its incoming number; the decision term runs (чл. 151, ал. 1)."""


class ApplicationAdvanced(ApplicationEvent, fact="advanced"):
    """It moved to another state of its review."""


class ApplicationGranted(ApplicationEvent, fact="granted"):
    """The executive director's order grants it."""


class ApplicationRefused(ApplicationEvent, fact="refused"):
    """The executive director's order refuses it."""


class LicenceState(State):
    """A licence for one service; `valid_until` is its last day. Number `Л-<service no>-<seq>/<dd.mm.yyyy>`."""

    id: UUID
    number: str
    sequence: int
    state: str
    origin: str
    service_id: UUID
    provider_id: UUID
    provider_body: str
    provider_name: str
    place_id: UUID
    municipality: str
    issued_on: date
    valid_from: date
    valid_until: date
    predecessor_id: UUID | None
    application_id: UUID | None
    violations: str | None


class LicenceEvent(Event[LicenceState], aggregate="licensing.licence"):
    """About a licence."""


class LicenceIssued(LicenceEvent, fact="issued"):
    """Issued on an application."""


class LicenceImported(LicenceEvent, fact="imported"):
    """Taken over from the published register."""


class LicenceAmended(LicenceEvent, fact="amended"):
    """Its particulars were corrected by a later import."""


class LicenceReplaced(LicenceEvent, fact="replaced"):
    """A licence with a change took its place."""


class LicenceRenewed(LicenceEvent, fact="renewed"):
    """Its successor takes over after its last day."""


class LicenceExpired(LicenceEvent, fact="expired"):
    """Its last day has passed."""
