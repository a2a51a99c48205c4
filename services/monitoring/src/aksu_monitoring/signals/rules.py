"""Rules of signals that are not in their table of transitions: their terms, who may see them, what people tell."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from aksu_shared.events import Scope
from aksu_shared.events.monitoring.signals import SignalState

FORWARDING: Final = "signal.forwarding"
DECISION: Final = "signal.decision"
AWAITED: Final[Mapping[str, frozenset[str]]] = {
    FORWARDING: frozenset({"RECEIVED"}),
    DECISION: frozenset({"RECEIVED", "TRIAGED"}),
}
"""Term → states in which it is missed when it passes. Triage tells whether the Agency itself is competent."""

SIGNALLER: Final = "signal.signaller"
CONCERNED: Final = "signal.concerned"
REASONS: Final = "signal.reasons"
FORWARDED: Final = "signal.forwarded"
"""Classes of personal data, as `retention.toml` has them."""


_PHONE: Final = 8
"""Last digits by which a telephone is known again, with whatever prefix it is written."""


def own_key(signal: UUID) -> str:
    """The scope key by which who files a signal writes it, and sees it no further."""
    return f"o:{signal}"


def signal_scope(state: SignalState) -> Scope:
    """The Agency, and the body to which it was forwarded: not the territory it lies in."""
    return ("b:AKSU", own_key(state.id), *((f"b:{state.forwarded_to}",) if state.forwarded_to else ()))


def whose(state: SignalState) -> Mapping[str, Any]:
    """A signal as an object of rights: the Agency's, and a party's who it was forwarded to."""
    parties = (state.forwarded_to,) if state.forwarded_to else ()
    return {"territory": state.municipality, "owner": "AKSU", "parties": parties}


def names_sender(text: str, sender: Mapping[str, str | None]) -> bool:
    """Whether a text holds the name, telephone or e-mail of who signalled, however it is written."""
    name, email = (" ".join((sender.get(field) or "").casefold().split()) for field in ("name", "email"))
    plain = " ".join(text.casefold().split())
    phone = _digits(sender.get("phone") or "")[-_PHONE:]
    called = len(phone) == _PHONE and phone in _digits(text)
    return called or any(told and told in plain for told in (name, email))


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdigit())


def missed(state: SignalState, term: str) -> tuple[str, ...]:
    """The terms that passed before it was forwarded or decided, with this one."""
    return state.overdue if term in state.overdue else (*state.overdue, term)
