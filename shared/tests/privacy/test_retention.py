"""Periods as the schedule counts them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_shared.kernel.errors import Text
from aksu_shared.privacy.retention import DataClass, Retention, Unit

INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


def lasting(length: int, unit: Unit) -> DataClass:
    return DataClass(
        name="x", text=Text("а", "a"), fields=(), starts="x", unit=unit, length=length, purpose="", legal_basis=""
    )


@pytest.mark.parametrize(
    ("length", "unit", "now", "cutoff"),
    [
        (30, "day", "2026-03-01T10:00:00+00:00", "2026-01-30T10:00:00+00:00"),
        (1, "month", "2026-03-31T10:00:00+00:00", "2026-02-28T10:00:00+00:00"),
        (5, "year", "2028-02-29T00:00:00+00:00", "2023-02-28T00:00:00+00:00"),
    ],
)
def test_a_period_reaches_back_to_the_same_day(length: int, unit: Unit, now: str, cutoff: str) -> None:
    assert lasting(length, unit).cutoff(datetime.fromisoformat(now)).isoformat() == cutoff


@given(INSTANTS, INSTANTS, st.sampled_from(["day", "month", "year"]), st.integers(1, 50))
def test_what_is_over_stays_over(one: datetime, other: datetime, unit: Unit, length: int) -> None:
    earlier, later = sorted((one, other))
    period = lasting(length, unit)
    assert period.cutoff(earlier) <= period.cutoff(later) < later


def test_no_period_is_empty() -> None:
    with pytest.raises(ValueError, match="at least one"):
        lasting(0, "day")


def test_every_class_says_what_it_is_for_and_on_what_ground() -> None:
    for kind in Retention.load():
        assert kind.fields
        assert kind.purpose
        assert kind.legal_basis
        assert kind.text.bg != kind.text.en


def test_the_documentation_tells_the_periods_of_the_schedule() -> None:
    told = (Path(__file__).parents[3] / "docs/privacy.md").read_text(encoding="utf-8")
    for kind in Retention.load():
        period = f"{kind.length} {kind.unit}{'s' if kind.length > 1 else ''}"
        assert f"| `{kind.name}` | {kind.starts} | {period} |" in told
