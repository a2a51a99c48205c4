"""`make torture-selftest`: is the checker evidence? Each planted bug must be caught, and a clean run must be clean."""

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer

from torture.doubles import DOUBLES
from torture.run import Run
from torture.seams import Plan
from torture.tier import DOUBLED, Tier

_LAYOUT: Final = {key: 1 for key in DOUBLED if key != ("reporting", "api")}
TIER: Final = Tier(
    name="selftest", singles=260, pushed=300, kills=0, seconds=80, full=False, clients=12, layout=_LAYOUT
)
DRILL: Final[Plan] = {
    "reporting-worker": ("after_effect_before_offset_commit",),
    "licensing-worker": ("after_effect_before_offset_commit",),
    "licensing-api": ("before_commit",) * 4,
}
"""What every run of the self-test suffers: enough for each bug to do harm, nothing that harms what is sound."""
PATIENCE: Final = 10.0
"""Seconds until something counts as stuck here; a bug that leaves rows behind would cost a minute otherwise."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def selftest(*, seed: int = 1, only: list[str] | None = None, folder: Path | None = None) -> None:
    """Exit 0 only when all planted bugs are caught and the clean run is clean."""
    names = only or ["", *DOUBLES]
    results = [_caught(name, seed, folder) for name in names]
    caught = {name or "clean": ok for name, (ok, _) in zip(names, results, strict=True)}
    said = {name or "clean": broken for name, (_, broken) in zip(names, results, strict=True)}
    typer.echo(json.dumps({"selftest": all(caught.values()), "seed": seed, "caught": caught, "broken": said}))
    raise typer.Exit(0 if all(caught.values()) else 1)


def _caught(name: str, seed: int, folder: Path | None) -> tuple[bool, Sequence[str]]:
    """Whether the checker said the right thing about bug `name`, or nothing about no bug; and what it said."""
    started = time.monotonic()

    def report(text: str) -> None:
        typer.echo(f"{time.monotonic() - started:6.1f} s  {name or 'clean'}: {text}")

    run = Run(
        driver="embedded",
        tier=TIER,
        seed=seed,
        folder=folder and folder / (name or "clean"),
        plan=DRILL,
        patience=PATIENCE,
        report=report,
    )
    asyncio.run(run.go(double=name))
    broken = run.findings.broken
    if not name:
        return not broken and run.complete, broken
    found = [invariant for invariant in DOUBLES[name].breaks if invariant in broken]
    report(f"{'caught, ' + ', '.join(found) if found else 'NOT CAUGHT'}: {DOUBLES[name].says}")
    return bool(found), broken


if __name__ == "__main__":
    app()
