"""Licensing's HTTP routes."""

from fastapi import APIRouter

from aksu_licensing.api import applications, attachments, licences
from aksu_licensing.config import SERVICE
from aksu_licensing.services.attachments import HOLDINGS
from aksu_shared.web.changes import changes_router
from aksu_shared.web.subjects import subjects_router

ROUTERS: tuple[APIRouter, ...] = (
    applications.router,
    attachments.router,
    licences.router,
    subjects_router(HOLDINGS),
    changes_router(SERVICE),
)
"""All under `/v1`."""
