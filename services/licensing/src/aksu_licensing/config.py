"""Settings of licensing."""

from pydantic import Field

from aksu_shared.config.personal import PersonalDataConfig

SERVICE = "licensing"
"""Name of the service: of its database, its roles, its topics and its source in events."""


class LicensingConfig(PersonalDataConfig):
    """What licensing is told by its environment."""

    oidc_audience: str = Field(default="aksu-licensing", description="licensing's name in a token's `aud`")
