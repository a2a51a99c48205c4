"""Monitoring's API process."""

from fastapi import FastAPI

from aksu_monitoring.api import ROUTERS
from aksu_monitoring.config import SERVICE, MonitoringConfig
from aksu_monitoring.factory import Factory
from aksu_monitoring.services.senders import Senders
from aksu_monitoring.storage.places import COPIES
from aksu_shared.auth.permissions import Rights
from aksu_shared.web.rate import Rate
from aksu_shared.web.service import service_app


def create(config: MonitoringConfig) -> FastAPI:
    """The application; its parts are opened when it starts."""
    rights, ring = Rights.load(), config.key_ring
    app = service_app(
        SERVICE,
        config,
        title="Контрол и мониторинг на социалните услуги",
        routers=ROUTERS,
        factory=lambda work: Factory(work, rights, ring),
        copies=COPIES,
    )
    app.state.senders = Senders(unregistered=config.takes_unregistered, ring=ring)
    app.state.ingest_rate = Rate(config.ingest_requests_per_minute)
    return app
