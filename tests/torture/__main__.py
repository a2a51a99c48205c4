"""Command line of the rig: `python -m torture`, by way of `make torture`. The last line of each run is its JSON."""

import asyncio
import random
import time
from pathlib import Path
from typing import Annotated

import typer

from torture.run import Run
from torture.tier import DRIVERS, TIERS

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def torture(
    *,
    tier: Annotated[str, typer.Option(help="short, full or long")] = "full",
    driver: Annotated[list[str] | None, typer.Option(help="embedded, kafka; both by default")] = None,
    seed: Annotated[int | None, typer.Option(help="replays a run")] = None,
    folder: Annotated[Path | None, typer.Option(help="keep data here, and resume what is there")] = None,
) -> None:
    """Load, kill, check. Exits 0 only when nothing was found on any driver."""
    chosen = seed if seed is not None else random.SystemRandom().randrange(10_000)
    typer.echo(f"seed {chosen}")
    verdicts, clean = [], True
    for each in driver or DRIVERS:
        started = time.monotonic()

        def report(text: str, each: str = each, started: float = started) -> None:
            typer.echo(f"{time.monotonic() - started:6.1f} s  {each}: {text}")

        run = Run(
            driver=each,  # type: ignore[arg-type]  # typer knows no Literal lists
            tier=TIERS[tier],
            seed=chosen,
            folder=folder and folder / each,
            report=report,
        )
        verdicts.append(asyncio.run(run.go()))
        clean = clean and run.findings.clean and run.complete
        typer.echo(verdicts[-1])
    raise typer.Exit(0 if clean else 1)


if __name__ == "__main__":
    app()
