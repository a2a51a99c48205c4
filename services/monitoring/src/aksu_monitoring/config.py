"""Settings of monitoring."""

from pydantic import Field

from aksu_shared.config import BaseConfig

SERVICE = "monitoring"
"""Name of the service: of its database, its roles, its topics and its source in events."""
INGESTED = "inspection_events"
"""Channel of the database on which the worker is told that pushed events were stored."""


class MonitoringConfig(BaseConfig):
    """What monitoring is told by its environment."""

    oidc_audience: str = Field(default="aksu-monitoring", description="monitoring's name in a token's `aud`")
    ingest_requests_per_minute: int = Field(
        default=60_000, ge=1, description="requests one pushing system may make per minute and process; told by OPTIONS"
    )
