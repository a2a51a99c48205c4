"""How long `make run` takes until it prints its addresses, and what its processes weigh when nothing happens."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from aksu_local.bench.floors import serving
from aksu_local.bench.line import Bar, Line
from aksu_local.postgres import Postgres
from aksu_local.process import ProcessDied, end, launch, tail

_SETTLE = 15.0
"""Seconds after which a started platform counts as idle."""
_MEGABYTE = 1_000_000
_GIGABYTE_IN_MB = 1_000.0
_PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Started:
    """Running process trees: their roots, and how many seconds they took to be ready."""

    pids: tuple[int, ...]
    seconds: float


async def ready() -> AsyncIterator[Line]:
    """A fresh start, a restart, and the memory after it; against PostgreSQL with one bare handler."""
    with tempfile.TemporaryDirectory(prefix="aksu-bench-") as folder:
        home = _open_to_passers(Path(folder))
        floor_home = home / "floor"
        async with _floor(floor_home) as floor, _platform(home / "run") as fresh:
            yield _line("ready fresh", fresh, floor, Bar(at_most=45))
        async with _floor(floor_home) as floor:
            floor_weight = await _weight(floor)
        async with _platform(home / "run") as again:
            yield _line("ready restart", again, floor, Bar(at_most=15))
            weight = await _weight(again)
    yield Line(
        name="idle",
        value=weight,
        unit="MB PSS",
        floor=floor_weight,
        ratio=weight / floor_weight,
        bar=Bar(at_most=_GIGABYTE_IN_MB),
        details={"settled_s": _SETTLE},
    )


def _open_to_passers(folder: Path) -> Path:
    folder.chmod(0o711)  # PostgreSQL, which does not run as root, must be able to pass through
    return folder


def _line(name: str, ours: Started, floor: Started, bar: Bar) -> Line:
    return Line(
        name=name, value=ours.seconds, unit="s", floor=floor.seconds, ratio=ours.seconds / floor.seconds, bar=bar
    )


@asynccontextmanager
async def _platform(folder: Path) -> AsyncIterator[Started]:
    """`aksu-local run` as `make run` starts it, once it has printed its addresses."""
    log = folder.with_suffix(".log")
    program = Path(sys.executable).with_name("aksu-local")
    before = time.monotonic()
    printed = log.stat().st_size if log.exists() else 0
    process = launch(
        [program, "run"], log=log, on_parent_death=signal.SIGTERM, env=os.environ | {"AKSU_HOME": str(folder)}
    )
    try:
        while "Stop: Ctrl-C" not in (log.read_text() if log.exists() else "")[printed:]:
            if process.poll() is not None or time.monotonic() - before > _PATIENCE:
                raise ProcessDied(f"the platform does not start:\n{tail(log)}")
            await asyncio.sleep(0.02)
        yield Started((process.pid,), time.monotonic() - before)
    finally:
        await end(process, [(signal.SIGTERM, 60.0), (signal.SIGKILL, 5.0)])


@asynccontextmanager
async def _floor(folder: Path) -> AsyncIterator[Started]:
    """PostgreSQL and a bare handler in a process of its own; a second time in the same folder is a restart."""
    before = time.monotonic()
    async with Postgres(folder) as server, serving.process(server.url(), log=folder / "floor.log") as bare:
        yield Started((server.pid, bare.pid), time.monotonic() - before)


async def _weight(started: Started) -> float:
    """Megabytes (PSS) of processes and all below them when they have settled."""
    await asyncio.sleep(_SETTLE)
    weights = []
    for _ in range(3):
        weights.append(sum(_pss(root) for root in started.pids))
        await asyncio.sleep(1)
    return median(weights) / _MEGABYTE


def _pss(root: int) -> int:
    """Bytes; memory that processes share is counted once in all."""
    total = 0
    parent = psutil.Process(root)
    for process in (parent, *parent.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total
