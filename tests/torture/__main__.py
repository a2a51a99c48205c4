"""Command line of the rig: `python -m torture`, by way of `make torture`. The last line of each run is its JSON."""

import asyncio
import json
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from aksu_local.folder import PROJECT
from torture import disk
from torture.drama import Drama
from torture.outage import Outage
from torture.run import Run
from torture.tier import DRIVERS, TIERS, Tier

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_KEPT = PROJECT / "build" / "torture"


@app.command()
def torture(
    *,
    tier: Annotated[str, typer.Option(help=", ".join(TIERS))] = "full",
    driver: Annotated[list[str] | None, typer.Option(help="embedded, kafka; both by default")] = None,
    seed: Annotated[int | None, typer.Option(help="replays a run")] = None,
    folder: Annotated[Path | None, typer.Option(help="keep the data here, and take up again what is there")] = None,
) -> None:
    """Load, kill, check. Exits 0 only when each run did all of its tier and nothing was found."""
    chosen = TIERS[tier]
    home = folder or (_KEPT / tier if chosen.resumable else None)
    number = seed if seed is not None else _seed(home)
    typer.echo(f"seed {number}")
    runs = [_run(each, chosen, number, home and home / each) for each in driver or DRIVERS]
    done = all(run.complete and run.findings.clean for run in runs)
    if chosen.full and not driver:
        done = _full_disk(number) and done
    if done and folder is None and home is not None:
        if all(run.met for run in runs):
            shutil.rmtree(home)
        else:  # its logs tell why; out of the way, for it would be taken up again
            kept = home.replace(home.with_name(f"{tier}-{number}"))
            typer.echo(f"a bar was missed, all is kept in {kept}", err=True)
    raise typer.Exit(0 if done else 1)


def _run(driver: str, tier: Tier, seed: int, folder: Path | None) -> Run:
    run = Run(
        driver=driver,  # type: ignore[arg-type]  # typer knows no Literal lists
        tier=tier,
        seed=seed,
        folder=folder,
        report=_reporter(driver),
        drama=Outage if tier.name == "outage" else Drama,
    )
    typer.echo(asyncio.run(run.go()))
    return run


def _full_disk(seed: int) -> bool:
    report = _reporter("disk")
    try:
        with disk.small_disk() as folder:
            run = Run(
                driver="embedded",
                tier=disk.TIER,
                seed=seed,
                folder=folder,
                report=report,
                plan={},
                drama=disk.FullDisk,
                settings=disk.SETTINGS,
            )
            typer.echo(asyncio.run(run.go()))
            return run.complete and run.findings.clean
    except disk.NoSmallDisk as why:
        typer.echo(json.dumps({"tier": disk.TIER.name, "possible": False, "why": str(why)}))
        return True


def _reporter(name: str) -> Callable[[str], None]:
    started = time.monotonic()
    return lambda text: typer.echo(f"{time.monotonic() - started:6.1f} s  {name}: {text}")


def _seed(home: Path | None) -> int:
    """A new one; that of the run to be taken up again, where there is one."""
    file = home / "seed" if home is not None else None
    if file is not None and file.exists():
        return int(file.read_text())
    seed = random.SystemRandom().randrange(10_000)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(seed))
    return seed


if __name__ == "__main__":
    app()
