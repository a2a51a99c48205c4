"""Which states count as what on a given legal day. One place, for every report."""

from typing import Final

from aksu_shared.events.monitoring import MAY_BE_OVERDUE

RUNNING: Final = ("ACTIVE", "REINSTATED", "REVOCATION_PENDING")
"""A licence in one of these runs until its last day; behind it, it is expired, whether or not licensing said so yet."""

OPEN_PRESCRIPTIONS: Final = (
    "ISSUED", "ACKNOWLEDGED", "TERM_EXTENDED", "REPORTED_FULFILLED", "NOT_FULFILLED", "ESCALATED", "APPEALED", "UPHELD",
)  # fmt: skip
"""A prescription is open until its fulfilment is verified or a court annuls it."""

DUE_PRESCRIPTIONS: Final = tuple(sorted(MAY_BE_OVERDUE))
"""An open prescription in one of these is overdue once its day has passed: monitoring's own words."""

PENDING_APPLICATIONS: Final = (
    "REGISTERED", "UNDER_REVIEW", "AWAITING_CORRECTION", "SITE_CHECK", "PROPOSED_GRANT", "PROPOSED_REFUSAL",
)  # fmt: skip
"""An application in one of these awaits a decision; its `decision_due` is empty while the term stands still."""

SOURCES: Final = ("registry", "licensing", "monitoring")
"""Services whose events the read models are made of."""
