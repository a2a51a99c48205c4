"""Facts of signals and complaints."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from aksu_shared.events.base import Event, State
from aksu_shared.kernel.schemas.codes import CodeOf


class SignalState(State):
    """A signal or complaint, without a word of who sent it, about whom and what it says: that never leaves monitoring.

    `anonymous`: nobody is named as its sender; `about_person`: somebody is named whom it concerns. `overdue` lists the
    terms that passed before it was forwarded or decided. `forwarded_to` is the body that now deals with it.
    """

    id: UUID
    receipt: str
    channel: Annotated[str, CodeOf("signal_channels")]
    category: Annotated[str, CodeOf("signal_categories")]
    danger_to_life: bool
    anonymous: bool
    about_person: bool
    municipality: str
    place_id: UUID | None = None
    service_id: UUID | None = None
    state: Annotated[str, CodeOf("signal_states")]
    received_at: datetime
    forwarding_due: date
    decision_due: date
    overdue: tuple[str, ...] = ()
    forwarded_to: str | None = None
    forwarded_on: date | None = None
    decided_on: date | None = None
    refusal_ground: Annotated[str, CodeOf("signal_refusal_grounds")] | None = None
    inspection_id: UUID | None = None


class SignalEvent(Event[SignalState], aggregate="monitoring.signal"):
    """About a signal."""


class SignalReceived(SignalEvent, fact="received"):
    """Somebody signalled."""


class SignalTriaged(SignalEvent, fact="triaged"):
    """It was read: what it is about, and whether a life is in danger."""


class SignalDangerLowered(SignalEvent, fact="danger_lowered"):
    """A second person found that no life is in danger."""


class SignalForwarded(SignalEvent, fact="forwarded"):
    """Another body is competent and was given it."""


class SignalDecided(SignalEvent, fact="decided"):
    """An inspection follows, or it was refused with reasons."""


class SignalClosed(SignalEvent, fact="closed"):
    """The inspection that follows it is known."""


class SignalTermPassed(SignalEvent, fact="term_passed"):
    """The last day to forward or to decide it has passed."""
