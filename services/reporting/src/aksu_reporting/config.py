"""Settings of reporting."""

from pydantic import Field

from aksu_shared.config import BaseConfig


class ReportingConfig(BaseConfig):
    """What reporting is told by its environment."""

    oidc_audience: str = Field(default="aksu-reporting", description="reporting's name in a token's `aud`")
