"""Subject and floor measured in turns: a machine that is busy for a while is busy for both."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import psutil

from aksu_local.bench.line import Bar, Line
from aksu_local.bench.load import Load

WARM: Final = 0.7
"""Seconds each contender runs unmeasured: pools open, plans are cached."""
_QUIET: Final = 0.05
"""Share of one core below which the processes count as done with what was given to them."""

Contender = Callable[[float], Awaitable[Load]]
"""Runs for so many seconds."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """Each contender's runs, round by round."""

    runs: Mapping[str, list[Load]]

    def line(
        self,
        name: str,
        *,
        of: str,
        against: str,
        unit: str,
        bar: Bar | None,
        per: int = 1,
        **details: Any,  # noqa: ANN401 - JSON values
    ) -> Line:
        """Medians of the rates, and the median of each round's ratio; a request counts for `per` units."""
        subject, floor = self.runs[of], self.runs[against]
        ratios = [a.rate / b.rate for a, b in zip(subject, floor, strict=True)]
        middle = sorted(subject, key=lambda load: load.rate)[len(subject) // 2]
        return Line(
            name=name,
            value=median(load.rate for load in subject) * per,
            unit=unit,
            floor=median(load.rate for load in floor) * per,
            ratio=median(ratios),
            bar=bar,
            details={
                "ratios": [round(ratio, 2) for ratio in ratios],
                "p50_ms": round(middle.percentile(0.5), 1),
                "p99_ms": round(middle.percentile(0.99), 1),
            }
            | details,
        )


async def take_turns(
    contenders: Mapping[str, Contender], *, rounds: int, seconds: float, settled: Callable[[], Awaitable[None]]
) -> Rounds:
    """Run each contender `rounds` times for `seconds`, in turns; `settled` is awaited before each run."""
    for contender in contenders.values():
        await contender(WARM)
    runs: dict[str, list[Load]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            await settled()
            runs[name].append(await contender(seconds))
    return Rounds(runs)


async def quiet(*pids: int, patience: float = 60.0) -> None:
    """Wait until these processes and their children have worked off what they were given, at most `patience` seconds.

    So that the work a run leaves behind (sequencing, shipping, applying) does not slow the floor that runs next.
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        before = _work(pids)
        await asyncio.sleep(0.25)
        if _work(pids) - before < _QUIET * 0.25:
            return


def _work(pids: tuple[int, ...]) -> float:
    total = 0.0
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(pid)
            for process in (parent, *parent.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    times = process.cpu_times()
                    total += times.user + times.system
    return total
