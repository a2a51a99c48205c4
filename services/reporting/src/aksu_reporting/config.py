"""Settings of reporting."""

from typing import Final

from pydantic import Field

from aksu_shared.config.base import BaseConfig

SERVICE: Final = "reporting"


class ReportingConfig(BaseConfig):
    """What reporting is told by its environment."""

    oidc_audience: str = Field(default="aksu-reporting", description="reporting's name in a token's `aud`")
