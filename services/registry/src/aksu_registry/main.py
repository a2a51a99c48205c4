"""The registry's API process."""

from fastapi import FastAPI

from aksu_registry.config import SERVICE, RegistryConfig
from aksu_registry.wiring import AGGREGATES, ROUTERS
from aksu_shared.operations.service import service_app


def create(config: RegistryConfig) -> FastAPI:
    """The application; its parts are opened when it starts."""
    return service_app(SERVICE, config, title="Регистър на социалните услуги", routers=ROUTERS, aggregates=AGGREGATES)
