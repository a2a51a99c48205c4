"""Licensing's HTTP routes."""

from fastapi import APIRouter

from aksu_licensing.api import applications, licences
from aksu_licensing.config import SERVICE
from aksu_shared.web.changes import changes_router

ROUTERS: tuple[APIRouter, ...] = (applications.router, licences.router, changes_router(SERVICE))
"""All under `/v1`."""
