"""Monitoring's HTTP routes."""

from typing import Final

from fastapi import APIRouter

from aksu_monitoring.api import ingest, inspections, prescriptions, pushed, staging
from aksu_monitoring.config import SERVICE
from aksu_shared.web.changes import changes_router
from aksu_shared.web.subjects import subjects_router

HOLDINGS: Final = {"inspection.user_met": "inspection"}
"""Class of personal data (`retention.toml`) → the table whose rows tell of such people."""
ROUTERS: tuple[APIRouter, ...] = (
    ingest.router,
    staging.router,
    pushed.router,
    inspections.router,
    prescriptions.router,
    subjects_router(HOLDINGS),
    changes_router(SERVICE),
)
"""All under `/v1`."""
