"""What a configuration is read from, and what it refuses."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, ValidationError

from aksu_shared.auth.pseudonym import DEVELOPMENT_KEY
from aksu_shared.config.base import BaseConfig

KNOWN = {
    "AKSU_DATABASE_URL": "postgresql://runtime:hidden@db/registry",
    "AKSU_BUS_URL": "kafka://broker:9092,other:9092",
    "AKSU_OIDC_ISSUER": "https://issuer.example",
    "AKSU_OIDC_AUDIENCE": "aksu-registry",
    "AKSU_PSEUDONYM_KEY": "a key that is long enough to be one",
    "AKSU_LOG_KEY": "2026:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
}

DEVELOPMENT = sha256(b"aksu: key of the change log for development").digest()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("AKSU_ENVIRONMENT", raising=False)  # so that an unset one is what refuses
    for name, value in KNOWN.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_production_signs_its_changes_with_keys_of_its_own(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(environment_key := KNOWN["AKSU_LOG_KEY"])
    assert not BaseConfig().log_keys.is_development
    environment.delenv("AKSU_LOG_KEY")
    with pytest.raises(ValidationError, match="not in production: AKSU_LOG_KEY"):
        BaseConfig()
    environment.setenv("AKSU_LOG_KEY_FILE", str(file))
    assert not BaseConfig().log_keys.is_development
    file.write_text(f"{environment_key}\ndevelopment:{b64encode(DEVELOPMENT).decode()}")
    with pytest.raises(ValidationError, match="not in production: AKSU_LOG_KEY"):
        BaseConfig()


def test_without_a_word_about_it_the_environment_is_production() -> None:
    config = BaseConfig()
    assert (config.environment, config.max_token_lifetime, config.concurrency_limit) == ("production", 600, 20)


def test_lists_are_comma_separated_and_empty_means_unset(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AKSU_CORS_ORIGINS", "https://a.bg, https://b.bg")
    environment.setenv("AKSU_OIDC_TOKEN_TYPES", "jwt")
    environment.setenv("AKSU_CLOCK_FILE", "")
    config = BaseConfig()
    assert (config.cors_origins, config.oidc_token_types) == (("https://a.bg", "https://b.bg"), frozenset({"jwt"}))


def test_unix_sockets_are_addresses_too(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AKSU_DATABASE_URL", "postgresql:///registry?host=/run/pg&user=x")
    BaseConfig()


def test_passwords_are_not_shown(environment: pytest.MonkeyPatch) -> None:
    assert "hidden" not in repr(BaseConfig())
    environment.setenv("AKSU_DATABASE_URL", "mysql://runtime:hidden@db/registry")
    with pytest.raises(ValidationError) as caught:
        BaseConfig()
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AKSU_OIDC_JWKS_FILE", "/keys.json"),
        ("AKSU_CLOCK_FILE", "/clock"),
        ("AKSU_PSEUDONYM_KEY", DEVELOPMENT_KEY),
        ("AKSU_PSEUDONYM_KEY", "x" * 31),
        ("AKSU_OIDC_ISSUER", "urn:aksu:development-issuer"),
        ("AKSU_OIDC_ISSUER", "http://issuer.example"),
        ("AKSU_OIDC_JWKS_URL", "http://issuer.example/keys"),
        ("AKSU_OIDC_MAX_TOKEN_SECONDS", "601"),
        ("AKSU_ACCESS_PATIENCE_SECONDS", "off"),
        ("AKSU_FEED_TOKEN_URL", "http://issuer.example/token"),
        ("AKSU_CORS_ORIGINS", "*"),
        ("AKSU_TRUSTED_PROXIES", "*"),
    ],
)
def test_production_refuses_settings_of_development_and_so_does_what_is_not_said(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    for said in ("", "production"):
        environment.setenv("AKSU_ENVIRONMENT", said)
        with pytest.raises(ValidationError, match=f"not in production: {name}"):
            BaseConfig()
    environment.delenv("AKSU_ENVIRONMENT")
    with pytest.raises(ValidationError, match=f"not in production: {name}"):
        BaseConfig()
    environment.setenv("AKSU_ENVIRONMENT", "local")
    BaseConfig()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AKSU_OIDC_LEEWAY_SECONDS", "61"),
        ("AKSU_DATABASE_POOL_SIZE", "0"),
        ("AKSU_BUS_URL", "amqp://x"),
        ("AKSU_ENVIRONMENT", "staging"),
        ("AKSU_LOG_LEVEL", "LOUD"),
    ],
)
def test_values_out_of_bounds_are_refused(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(ValidationError):
        BaseConfig()


def test_every_setting_is_described() -> None:
    schema: dict[str, Any] = BaseConfig.model_json_schema()
    assert [name for name, entry in schema["properties"].items() if not entry.get("description")] == []


def test_a_service_gives_its_own_audience(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Config(BaseConfig):
        oidc_audience: str = Field(default="aksu-licensing", description="the service's name in a token's `aud`")

    environment.delenv("AKSU_OIDC_AUDIENCE")
    environment.chdir(tmp_path)
    assert Config().oidc_audience == "aksu-licensing"
