"""Monitoring's HTTP routes."""

from fastapi import APIRouter

from aksu_monitoring.api import ingest, inspections, prescriptions, pushed, staging
from aksu_monitoring.config import SERVICE
from aksu_shared.web.changes import changes_router

ROUTERS: tuple[APIRouter, ...] = (
    ingest.router,
    staging.router,
    pushed.router,
    inspections.router,
    prescriptions.router,
    changes_router(SERVICE),
)
"""All under `/v1`."""
