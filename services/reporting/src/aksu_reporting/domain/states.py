"""Which states count as what on a given legal day. One place, for every report."""

from typing import Final

RUNNING: Final = ("ACTIVE", "REINSTATED", "REVOCATION_PENDING")
"""A licence in one of these runs until its last day; behind it, it is expired, whether or not licensing said so yet."""

IN_FORCE: Final = (*RUNNING, "RENEWED")
"""A licence in one of these is in force within its validity: a renewed one still is until its successor begins."""

OPEN_PRESCRIPTIONS: Final = (
    "ISSUED", "ACKNOWLEDGED", "TERM_EXTENDED", "REPORTED_FULFILLED", "NOT_FULFILLED", "ESCALATED", "APPEALED", "UPHELD",
)  # fmt: skip
"""A prescription is open until its fulfilment is verified or a court annuls it."""

DUE_PRESCRIPTIONS: Final = ("ISSUED", "ACKNOWLEDGED", "TERM_EXTENDED", "NOT_FULFILLED", "UPHELD")
"""An open prescription whose term runs: overdue once its day has passed. One reported as fulfilled, appealed or
escalated is not: the next step is not the provider's."""

PENDING_APPLICATIONS: Final = ("REGISTERED", "UNDER_REVIEW", "SITE_CHECK", "PROPOSED_GRANT", "PROPOSED_REFUSAL")
"""An application in one of these awaits a decision whose term runs; it pauses while a correction is awaited."""

SOURCES: Final = ("registry", "licensing", "monitoring")
"""Services whose events the read models are made of."""
