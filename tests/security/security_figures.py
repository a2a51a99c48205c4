"""The figures of `make security`: which there are, and how two records of one become one."""

from collections.abc import Callable, Mapping
from typing import Final

Figure = float
FILE_VARIABLE: Final = "AKSU_SECURITY_FIGURES"
"""Names the JSON file that a session writes its figures to; `run.py` sets it."""


def _sum(before: Figure, new: Figure) -> Figure:
    return before + new


FIGURES: Final[Mapping[str, Callable[[Figure, Figure], Figure]]] = {
    "cells": _sum,
    "wrong_cells": _sum,
    "oracle_differences": _sum,
    "feed_beyond_lists": _sum,
    "forged_accepted": _sum,
    "good_refused": _sum,
    "jwks_fetches": max,  # most fetches in any 30 s of any test
    "slow_sockets_left": _sum,
    "goodput_ratio": min,  # the worst run
    "fuzz_findings": _sum,
    "canary_hits": _sum,
    "loop_blocked_ms_max": max,  # the worst request of any route
    "raw_http_wrong": _sum,
}
"""Every figure there is, in the order of the report, and how two records of it become one."""

BARS: Final[Mapping[str, Figure]] = {"loop_blocked_ms_max": 50, "feed_beyond_lists": 0, "raw_http_wrong": 0}
"""What a figure may be at most; a run with more has failed, whatever its tests say."""


def beyond_bars(recorded: Mapping[str, Figure]) -> list[str]:
    """Each figure above its bar, in words."""
    return [f"{name} is {recorded[name]}, above {bar}" for name, bar in BARS.items() if recorded.get(name, 0) > bar]


class Figures:
    """What the tests of one session recorded."""

    def __init__(self) -> None:
        self.recorded: dict[str, Figure] = {}

    def record(self, name: str, value: Figure) -> None:
        """Add to a declared figure; record before asserting, so that a failure shows its figure too."""
        merge = FIGURES[name]
        self.recorded[name] = merge(self.recorded[name], value) if name in self.recorded else value
