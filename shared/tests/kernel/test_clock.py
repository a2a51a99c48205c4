"""Legal time."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from aksu_shared.kernel.clock import Clock, legal_day, read_offset, write_offset


def until(condition: Callable[[], bool], *, seconds: float = 2) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"


def test_without_an_offset_legal_time_is_real_time_in_utc() -> None:
    now = Clock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_an_absent_or_empty_file_means_real_time(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    assert abs(Clock(file).now() - datetime.now(UTC)) < timedelta(seconds=5)
    file.touch()
    assert abs(Clock(file).now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert read_offset(file) == timedelta()


def test_a_running_clock_follows_its_file(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = Clock(file)
    write_offset(file, timedelta(days=1735))
    until(lambda: clock.now() - datetime.now(UTC) > timedelta(days=1734))
    write_offset(file, timedelta(days=-3))
    until(lambda: clock.now() < datetime.now(UTC) - timedelta(days=2))
    file.unlink()
    until(lambda: abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5))


def test_the_file_is_not_looked_at_for_every_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "clock"
    write_offset(file, timedelta(days=10))
    looks = 0
    stat = Path.stat

    def counted(path: Path, **kwargs: bool) -> object:
        nonlocal looks
        looks += path == file
        return stat(path, **kwargs)

    monkeypatch.setattr(Path, "stat", counted)
    clock = Clock(file)
    started = time.monotonic()
    for _ in range(2_000):
        clock.now()
    assert looks <= (time.monotonic() - started) / 0.1 + 1


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    write_offset(file, timedelta(days=1735, hours=5))
    assert read_offset(file) == timedelta(days=1735, hours=5)
    assert [path.name for path in tmp_path.iterdir()] == ["clock"]


@pytest.mark.parametrize("text", ["утре", "1e400", "nan"])
def test_a_file_that_holds_no_number_of_seconds_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "clock"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="number of seconds"):
        Clock(file).now()


def test_the_legal_day_begins_at_midnight_in_sofia() -> None:
    assert legal_day(datetime(2026, 1, 31, 21, 59, tzinfo=UTC)) == date(2026, 1, 31)
    assert legal_day(datetime(2026, 1, 31, 22, 0, tzinfo=UTC)) == date(2026, 2, 1)
    assert legal_day(datetime(2026, 7, 31, 21, 0, tzinfo=UTC)) == date(2026, 8, 1)


def test_an_instant_without_a_zone_has_no_legal_day() -> None:
    with pytest.raises(ValueError, match="time zone"):
        legal_day(datetime(2026, 1, 31, 22, 0))  # noqa: DTZ001 - the case tested
