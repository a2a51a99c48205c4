"""Settings of a service that holds restricted personal data."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from aksu_shared.config.base import BaseConfig
from aksu_shared.privacy.keys import DEVELOPMENT, KeyRing
from aksu_shared.privacy.retention import Retention


class PersonalDataConfig(BaseConfig):
    """The key-encryption keys, and how long what is kept."""

    kek: SecretStr | None = Field(
        default=None,
        description="key-encryption keys, id:base64 of 32 random bytes, comma-separated: the first wraps, all unwrap."
        " Needed in production, this or the file; elsewhere a known key serves",
    )
    kek_file: Path | None = Field(default=None, description="file with the same, one a line")
    retention_file: Path | None = Field(
        default=None, description="retention periods that replace those delivered, by class of data (TOML)"
    )

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        ring = self.key_ring
        if self.environment == "production" and (ring.is_development or self._configured is None):
            raise ValueError("production needs AKSU_KEK or AKSU_KEK_FILE, and not the development key")
        _ = self.retention
        return self

    @property
    def key_ring(self) -> KeyRing:
        """The key-encryption keys configured, or the development key."""
        text = self._configured
        if text is None:
            return DEVELOPMENT
        ring = KeyRing.parse(text)
        if not ring:
            raise ValueError("AKSU_KEK holds no key")
        return ring

    @property
    def retention(self) -> Retention:
        """The schedule."""
        return Retention.load(self.retention_file)

    @property
    def _configured(self) -> str | None:
        if self.kek is not None:
            return self.kek.get_secret_value()
        return None if self.kek_file is None else self.kek_file.read_text(encoding="ascii")
