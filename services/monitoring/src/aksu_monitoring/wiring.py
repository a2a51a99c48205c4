"""Monitoring's HTTP routes."""

from typing import Final

from fastapi import APIRouter

from aksu_monitoring.api import conduct, ingest, inspections, prescriptions, pushed, signals, staging, users_met
from aksu_monitoring.config import SERVICE
from aksu_shared.web.changes import changes_router
from aksu_shared.web.subjects import subjects_router

HOLDINGS: Final = {
    "signal.signaller": "signal",
    "signal.concerned": "signal",
    "signal.reasons": "signal",
    "inspection.user_met": "inspection",
}
"""Class of personal data (`retention.toml`) → the table whose rows tell of such people."""
ROUTERS: tuple[APIRouter, ...] = (
    ingest.router,
    staging.router,
    pushed.router,
    inspections.router,
    conduct.router,
    prescriptions.router,
    signals.router,
    users_met.router,
    subjects_router(HOLDINGS),
    changes_router(SERVICE),
)
"""All under `/v1`."""
