"""The registry's API process."""

from fastapi import FastAPI

from aksu_registry.api import ROUTERS
from aksu_registry.config import SERVICE, RegistryConfig
from aksu_registry.factory import Factory
from aksu_shared.auth.permissions import Rights
from aksu_shared.web.service import service_app


def create(config: RegistryConfig) -> FastAPI:
    """The application; its parts are opened when it starts."""
    rights = Rights.load()
    return service_app(
        SERVICE,
        config,
        title="Регистър на социалните услуги",
        routers=ROUTERS,
        factory=lambda work: Factory(work, rights),
    )
