"""What the registry is made of, collected from its features; importing it declares all tables."""

from typing import Final

from fastapi import APIRouter

from aksu_registry.access import routes as access
from aksu_registry.access.queries import ACCESS_REQUEST, REVOCATION
from aksu_registry.base import RegistryBase
from aksu_registry.bodies import routes as bodies
from aksu_registry.bodies.queries import BODY
from aksu_registry.bodies.service import BodyService
from aksu_registry.places import routes as places
from aksu_registry.places.queries import PLACE
from aksu_registry.providers import routes as providers
from aksu_registry.providers.queries import PROVIDER
from aksu_registry.register_import import routes as register_import
from aksu_registry.register_import.store import REGISTER_ROW
from aksu_registry.services import routes as services
from aksu_registry.services.queries import SERVICE
from aksu_registry.territory import routes as territory
from aksu_registry.territory.queries import TERRITORY
from aksu_registry.territory.service import TerritoryService
from aksu_shared.db.aggregate import Aggregate
from aksu_shared.db.work import UnitOfWork
from aksu_shared.operations.changes import changes_router
from aksu_shared.procedures.context import Context
from aksu_shared.worker.routing import Handlers

METADATA: Final = RegistryBase.metadata
"""The registry's own tables."""

AGGREGATES: Final[tuple[Aggregate, ...]] = (
    TERRITORY,
    BODY,
    PROVIDER,
    PLACE,
    SERVICE,
    REGISTER_ROW,
    REVOCATION,
    ACCESS_REQUEST,
)
"""What the registry owns."""

ROUTERS: Final[tuple[APIRouter, ...]] = (
    territory.router,
    bodies.router,
    providers.router,
    places.router,
    services.router,
    register_import.router,
    access.router,
    changes_router("registry"),
)
"""All under `/v1`."""

HANDLERS: Final[Handlers] = {}
"""The registry listens to nobody yet."""


async def establish(work: UnitOfWork) -> None:
    """Bring territory and public bodies to the packaged tables: done when a worker starts."""
    context = Context.of(work)
    await TerritoryService(context).establish()
    await BodyService(context).establish()
