"""Reporting's API process. It has no commands of its own."""

from fastapi import FastAPI

from aksu_reporting.config import SERVICE, ReportingConfig
from aksu_reporting.wiring import AGGREGATES, COPIES, ROUTERS
from aksu_shared.operations.service import service_app


def create(config: ReportingConfig) -> FastAPI:
    """The application; its parts are opened when it starts."""
    return service_app(
        SERVICE,
        config,
        title="Справки за социалните услуги",
        routers=ROUTERS,
        aggregates=AGGREGATES,
        copies=COPIES,
    )
