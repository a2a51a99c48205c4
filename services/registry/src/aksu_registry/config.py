"""Settings of the registry."""

from pydantic import Field

from aksu_shared.config import BaseConfig


class RegistryConfig(BaseConfig):
    """What the registry is told by its environment."""

    oidc_audience: str = Field(default="aksu-registry", description="the registry's name in a token's `aud`")
