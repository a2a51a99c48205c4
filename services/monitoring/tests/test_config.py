"""Who may push: what nobody says is answered as production does."""

import pytest
from pydantic import ValidationError

from aksu_monitoring.config import MonitoringConfig
from aksu_shared.privacy.keys import KeyRing

KNOWN = {
    "AKSU_DATABASE_URL": "postgresql://runtime:hidden@db/monitoring",
    "AKSU_BUS_URL": "kafka://broker:9092",
    "AKSU_OIDC_ISSUER": "https://issuer.example",
    "AKSU_PSEUDONYM_KEY": "a key that is long enough to be one",
    "AKSU_LOG_KEY": "2026:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "AKSU_KEK": "2026:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("AKSU_ENVIRONMENT", raising=False)
    for name, value in KNOWN.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_without_a_word_about_the_environment_no_unregistered_system_may_push(environment: pytest.MonkeyPatch) -> None:
    assert not MonitoringConfig().takes_unregistered
    environment.setenv("AKSU_UNREGISTERED_SOURCES", "true")
    with pytest.raises(ValidationError, match="AKSU_UNREGISTERED_SOURCES"):
        MonitoringConfig()
    environment.setenv("AKSU_ENVIRONMENT", "test")
    assert MonitoringConfig().takes_unregistered


def test_nor_does_the_development_key_hold_personal_data(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("AKSU_KEK")
    with pytest.raises(ValidationError, match="production needs AKSU_KEK"):
        MonitoringConfig()
    environment.setenv("AKSU_ENVIRONMENT", "local")
    assert isinstance(MonitoringConfig().key_ring, KeyRing)
