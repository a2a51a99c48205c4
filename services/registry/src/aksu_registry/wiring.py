"""The registry's HTTP routes."""

from fastapi import APIRouter

from aksu_registry.api import access, bodies, imports, places, providers, services, territories
from aksu_shared.web.changes import changes_router

ROUTERS: tuple[APIRouter, ...] = (
    territories.router,
    bodies.router,
    providers.router,
    places.router,
    services.router,
    imports.router,
    access.router,
    changes_router("registry"),
)
"""All under `/v1`."""
