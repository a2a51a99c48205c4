"""One reported figure: a JSON object a line, with the floor it is held against and the bar it should pass."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a figure should reach; a bar that is missed is reported, never an error."""

    ratio_at_least: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    def passed(self, value: float, ratio: float) -> bool:
        """Whether the figure reaches all of it."""
        return (
            (self.ratio_at_least is None or ratio >= self.ratio_at_least)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
        )

    def __str__(self) -> str:
        parts = [("ratio ≥", self.ratio_at_least), ("≥", self.at_least), ("≤", self.at_most)]
        return ", ".join(f"{sign} {number:g}" for sign, number in parts if number is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A figure in `unit`, the floor measured in the same run in the same unit, and `ratio` = value / floor.

    `details` (round by round ratios, percentiles, sizes) are for whoever wonders about the figure.
    """

    name: str
    value: float
    unit: str
    floor: float
    ratio: float
    bar: Bar | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        known = {"name": self.name, "value": _short(self.value), "unit": self.unit}
        held = {"ratio": _short(self.ratio), "floor": _short(self.floor)}
        bar = {"bar": str(self.bar), "ok": self.bar.passed(self.value, self.ratio)} if self.bar else {}
        return json.dumps(known | held | bar | self.details, ensure_ascii=False)


def _short(number: float) -> float:
    """Three significant digits, for nothing here is measured better."""
    return float(f"{number:.3g}")


class ScenarioFailed(Exception):
    """The system did not do what a scenario measures; figures would mean nothing."""
