"""Licensing's API process."""

from fastapi import FastAPI

from aksu_licensing.config import SERVICE, LicensingConfig
from aksu_licensing.wiring import AGGREGATES, COPIES, ROUTERS
from aksu_shared.operations.service import service_app


def create(config: LicensingConfig) -> FastAPI:
    """The application; its parts are opened when it starts."""
    return service_app(
        SERVICE, config, title="Лицензиране на социални услуги", routers=ROUTERS, aggregates=AGGREGATES, copies=COPIES
    )
