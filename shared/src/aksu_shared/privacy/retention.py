"""How long what is kept of a person: classes of data from `retention.toml`, which an installation may replace."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.terms.term import add_months

Unit = Literal["day", "month", "year"]
_MONTHS: Final[Mapping[Unit, int]] = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataClass:
    """One class of data: what it is, what for, and how long from which event it is kept."""

    name: str
    text: Text
    fields: tuple[str, ...]
    starts: str
    unit: Unit
    length: int
    purpose: str
    legal_basis: str
    confirmed: bool = True

    def __post_init__(self) -> None:
        """Refuse a period that means nothing."""
        if self.length < 1 or self.unit not in {"day", "month", "year"}:
            raise ValueError(f"{self.name}: a period is at least one day, month or year")

    def cutoff(self, now: datetime) -> datetime:
        """What began to count at or before this instant is over `now`."""
        if self.unit == "day":
            return now - timedelta(days=self.length)
        day = add_months(now.astimezone(UTC).date(), -self.length * _MONTHS[self.unit])
        return now.astimezone(UTC).replace(year=day.year, month=day.month, day=day.day)


class Retention:
    """The schedule: classes by name."""

    def __init__(self, classes: Mapping[str, DataClass]) -> None:
        self._classes = classes

    @classmethod
    def load(cls, override: Path | None = None) -> "Retention":
        """The schedule delivered, its classes replaced by those of a file of the same shape. Raises ValueError."""
        delivered = _delivered()
        if override is None:
            return cls(delivered)
        own = _parse(override.read_text(encoding="utf-8"))
        if unknown := own.keys() - delivered.keys():
            raise ValueError(f"{override}: no such classes of data: {sorted(unknown)}")
        return cls({**delivered, **own})

    def __getitem__(self, name: str) -> DataClass:
        """The class of that name."""
        return self._classes[name]

    def __iter__(self) -> Iterator[DataClass]:
        """All classes."""
        return iter(self._classes.values())


@cache
def _delivered() -> Mapping[str, DataClass]:
    return _parse(resources.files(__package__).joinpath("retention.toml").read_text(encoding="utf-8"))


def _parse(text: str) -> dict[str, DataClass]:
    return {name: _class(name, row) for name, row in tomllib.loads(text).items()}


def _class(name: str, row: Mapping[str, Any]) -> DataClass:
    values = dict(row)
    try:
        label = Text(values.pop("bg"), values.pop("en"))
        return DataClass(name=name, text=label, fields=tuple(values.pop("fields")), **values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"class {name}: {error}") from error
