"""Legal time moves forward by calendar months in Sofia or by exact lengths, and back to real time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aksu_local import legal_clock
from aksu_shared.kernel.clock import Clock


@pytest.mark.parametrize(
    ("start", "by", "end"),
    [
        ("2026-11-22T07:00", "57mo", "2031-08-22T06:00"),  # winter to summer: 9 o'clock in Sofia both times
        ("2026-01-31T10:00", "1mo", "2026-02-28T10:00"),
        ("2024-02-29T10:00", "1y", "2025-02-28T10:00"),
        ("2026-03-28T10:00", "1d", "2026-03-29T10:00"),
        ("2026-11-22T07:00", "1y2mo3d4h5m", "2028-01-25T11:05"),
        ("2026-11-22T07:00", "2w", "2026-12-06T07:00"),
        ("2026-11-30T22:30", "1mo", "2026-12-31T22:30"),  # already 1 December in Sofia
    ],
)
def test_a_length_of_time_is_added_as_people_mean_it(start: str, by: str, end: str) -> None:
    assert legal_clock.later(datetime.fromisoformat(start).replace(tzinfo=UTC), by) == datetime.fromisoformat(
        end
    ).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "57", "mo", "-3d", "3 d", "1.5h", "3dd", "1mo,2d"])
def test_a_text_that_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="57mo"):
        legal_clock.later(datetime.now(UTC), text)


def test_services_follow_the_clock_forward_and_back(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    legal_clock.advance(file, "2y")
    target = legal_clock.advance(file, timedelta(days=1))

    assert abs(Clock(file).now() - target) < timedelta(seconds=2)
    legal_clock.reset(file)
    assert abs(Clock(file).now() - datetime.now(UTC)) < timedelta(seconds=2)
