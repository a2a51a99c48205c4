"""Production has a key-encryption key of its own; a schedule names only classes there are."""

import base64
from pathlib import Path

import pytest
from pydantic import ValidationError

from aksu_shared.config.personal import PersonalDataConfig
from aksu_shared.privacy.keys import DEVELOPMENT_KEY, new_key

KNOWN = {
    "AKSU_DATABASE_URL": "postgresql://runtime:hidden@db/monitoring",
    "AKSU_BUS_URL": "kafka://broker:9092",
    "AKSU_OIDC_ISSUER": "https://issuer.example",
    "AKSU_OIDC_AUDIENCE": "aksu-monitoring",
    "AKSU_PSEUDONYM_KEY": "a key that is long enough to be one",
    "AKSU_LOG_KEY": "2026:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
}
KEY = f"2026-11:{base64.b64encode(new_key()).decode()}"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in KNOWN.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_production_starts_with_a_key_of_its_own(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("AKSU_KEK", KEY)
    assert PersonalDataConfig().key_ring.current == "2026-11"
    environment.delenv("AKSU_KEK")
    file = tmp_path / "kek"
    file.write_text(KEY + "\n", encoding="ascii")
    environment.setenv("AKSU_KEK_FILE", str(file))
    assert PersonalDataConfig().key_ring.current == "2026-11"


@pytest.mark.parametrize(
    "kek", [None, f"mine:{base64.b64encode(DEVELOPMENT_KEY).decode()}", f"{KEY},development:abc"],
    ids=["none", "the development key", "one that cannot be read"],
)  # fmt: skip
def test_production_refuses_to_start_with(kek: str | None, environment: pytest.MonkeyPatch) -> None:
    if kek is not None:
        environment.setenv("AKSU_KEK", kek)
    with pytest.raises(ValidationError) as caught:
        PersonalDataConfig()
    assert KEY.split(":")[1] not in str(caught.value)


def test_elsewhere_a_known_key_serves_and_is_not_shown(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AKSU_ENVIRONMENT", "local")
    assert PersonalDataConfig().key_ring.current == "development"
    environment.setenv("AKSU_KEK", KEY)
    assert KEY.split(":")[1] not in repr(PersonalDataConfig())


def test_periods_are_replaced_by_class(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("AKSU_ENVIRONMENT", "local")
    delivered = PersonalDataConfig().retention["signal.signaller"]
    assert (delivered.length, delivered.unit) == (5, "year")
    file = tmp_path / "retention.toml"
    text = """["{}"]
        bg = "а"
        en = "a"
        fields = ["name"]
        starts = "x"
        unit = "month"
        length = 3
        purpose = "п"
        legal_basis = "чл. 1"
    """
    file.write_text(text.format("signal.signaller"), encoding="utf-8")
    environment.setenv("AKSU_RETENTION_FILE", str(file))
    changed = PersonalDataConfig().retention
    assert (changed["signal.signaller"].length, changed["signal.concerned"].length) == (3, 5)
    file.write_text(text.format("signal.nobody"), encoding="utf-8")
    with pytest.raises(ValidationError, match=r"signal\.nobody"):
        PersonalDataConfig()
