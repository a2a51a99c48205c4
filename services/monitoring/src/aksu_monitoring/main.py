"""Monitoring's API process."""

from fastapi import FastAPI

from aksu_monitoring.config import SERVICE, MonitoringConfig
from aksu_monitoring.ingest.sources.service import Senders
from aksu_monitoring.wiring import AGGREGATES, COPIES, ROUTERS
from aksu_shared.operations.service import service_app
from aksu_shared.web.rate import Rate


def create(config: MonitoringConfig) -> FastAPI:
    """The application; its parts are opened when it starts."""
    app = service_app(
        SERVICE,
        config,
        title="Контрол и мониторинг на социалните услуги",
        routers=ROUTERS,
        aggregates=AGGREGATES,
        copies=COPIES,
    )
    app.state.senders = Senders(unregistered=config.takes_unregistered, ring=config.key_ring)
    app.state.ingest_rate = Rate(config.ingest_requests_per_minute)
    return app
