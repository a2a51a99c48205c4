"""Settings of monitoring."""

from typing import Self

from pydantic import Field, model_validator

from aksu_shared.config.personal import PersonalDataConfig

SERVICE = "monitoring"
"""Name of the service: of its database, its roles, its topics and its source in events."""


class MonitoringConfig(PersonalDataConfig):
    """What monitoring is told by its environment."""

    oidc_audience: str = Field(default="aksu-monitoring", description="monitoring's name in a token's `aud`")
    ingest_requests_per_minute: int = Field(
        default=60_000, ge=1, description="requests one pushing system may make per minute and process; told by OPTIONS"
    )
    unregistered_sources: bool | None = Field(
        default=None,
        description="whether systems that nobody added as a source may push, unsigned; never in production, by default"
        " everywhere else",
    )

    @model_validator(mode="after")
    def _refuse_unregistered_in_production(self) -> Self:
        if self.environment == "production" and self.unregistered_sources:
            raise ValueError("not in production: AKSU_UNREGISTERED_SOURCES")
        return self

    @property
    def takes_unregistered(self) -> bool:
        """Whether a system that was not added may push."""
        return self.environment != "production" if self.unregistered_sources is None else self.unregistered_sources
