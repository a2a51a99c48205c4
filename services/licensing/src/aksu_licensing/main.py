"""Licensing's API process."""

from fastapi import FastAPI

from aksu_licensing.api import ROUTERS
from aksu_licensing.config import SERVICE, LicensingConfig
from aksu_licensing.factory import Factory
from aksu_licensing.storage import COPIES
from aksu_shared.web.service import service_app


def create(config: LicensingConfig) -> FastAPI:
    """The application; its parts are opened when it starts."""
    ring = config.key_ring
    return service_app(
        SERVICE,
        config,
        title="Лицензиране на социални услуги",
        routers=ROUTERS,
        factory=lambda work: Factory.of(work, ring),
        copies=COPIES,
    )
