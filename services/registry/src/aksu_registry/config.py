"""Settings of the registry."""

from pydantic import Field

from aksu_shared.config.base import BaseConfig

SERVICE = "registry"
"""Name of the service: of its database, its roles, its topics and its source in events."""


class RegistryConfig(BaseConfig):
    """What the registry is told by its environment."""

    oidc_audience: str = Field(default="aksu-registry", description="the registry's name in a token's `aud`")
