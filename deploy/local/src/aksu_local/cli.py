"""`aksu-local`: what the Makefile's targets call."""

import asyncio
import sys
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from aksu_local import cli_migrations, legal_clock
from aksu_local.folder import Folder, FolderBusy, default_folder
from aksu_local.kafka import ToolMissing
from aksu_local.platform import Platform
from aksu_local.ports import NoFreePort
from aksu_local.process import ProcessDied
from aksu_local.refusals import EarlierBuild, OtherBus, SampleRefused
from aksu_local.roles import DEFAULT_BODIES, check_body
from aksu_local.tokens import development_token
from aksu_shared.kernel.clock import SOFIA, legal_day

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.add_typer(cli_migrations.app, name="migrations")


class Bus(StrEnum):
    """The drivers of the bus."""

    EMBEDDED = "embedded"
    KAFKA = "kafka"


FolderOption = Annotated[
    Path, typer.Option(envvar="AKSU_HOME", default_factory=default_folder, help="Where data and logs are.")
]


@app.command()
def run(folder: FolderOption, *, bus: Bus = Bus.EMBEDDED, fresh: bool = False) -> None:
    """Start the platform in the foreground; `--fresh` deletes the folder's data first."""
    from aksu_local.run import run as run_platform  # noqa: PLC0415 - each command loads what it needs

    asyncio.run(run_platform(folder.absolute(), bus=bus.value, fresh=fresh))


@app.command()
def bench(
    only: Annotated[list[str] | None, typer.Argument(help="ready, lists, writes, imports, push, visible")] = None,
    *,
    rounds: Annotated[int, typer.Option(min=1, help="How often subject and floor take turns.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of one turn.")] = 2.0,
) -> None:
    """Measure on fresh platforms; one JSON object a line, each figure beside a floor of the same run."""
    import uvloop  # noqa: PLC0415 - as above

    from aksu_local.bench.line import ScenarioFailed  # noqa: PLC0415
    from aksu_local.bench.run import NAMES  # noqa: PLC0415
    from aksu_local.bench.run import bench as run_bench  # noqa: PLC0415

    if unknown := set(only or ()) - set(NAMES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose among {', '.join(NAMES)}")
    say = partial(typer.echo, err=True)
    try:
        uvloop.run(run_bench(only=only or (), rounds=rounds, seconds=seconds, say=say))
    except ScenarioFailed as failure:
        typer.secho(str(failure), fg="red", err=True)
        raise typer.Exit(1) from None


@app.command()
def demo(*, bus: Bus = Bus.EMBEDDED, act: Annotated[str, typer.Option(help="Only this act.")] = "") -> None:
    """Play the main job against a fresh platform; exit 1 at the first step that does not hold."""
    from aksu_local.demo.run import ACTS, play  # noqa: PLC0415

    if act and act not in ACTS:
        typer.echo(f"there is no act {act!r}; acts: {', '.join(ACTS)}", err=True)
        raise typer.Exit(2)
    raise typer.Exit(0 if asyncio.run(play(bus=bus.value, act=act or None)) else 1)


@app.command()
def migrate(folder: FolderOption) -> None:
    """Bring the databases in the folder to this build's schemas; the platform must be stopped."""

    async def servers() -> None:
        bus = Folder(folder).made().get("bus", Bus.EMBEDDED.value)
        async with Platform(folder, bus=bus, durable=True, report=typer.echo).servers():
            pass

    asyncio.run(servers())


@app.command()
def token(folder: FolderOption, *, role: Annotated[str, typer.Option()], body: str = "", subject: str = "") -> None:
    """Print an access token of 8 hours, for example `--role inspector --body AKSU`."""
    chosen = body or DEFAULT_BODIES.get(role)
    try:
        check_body(role, chosen)
        typer.echo(development_token(Folder(folder).keys, role, chosen, subject=subject or None))
    except ValueError as error:
        sys.exit(str(error))


@app.command()
def clock(folder: FolderOption, *, advance: str = "", reset: bool = False) -> None:
    """Show legal time; `--advance 57mo` (y, mo, w, d, h, m) moves it forward, `--reset` gives real time back."""
    file = Folder(folder).clock
    file.parent.mkdir(parents=True, exist_ok=True)
    if reset:
        legal_clock.reset(file)
    try:
        if advance:
            legal_clock.advance(file, advance)
    except ValueError as error:
        sys.exit(str(error))
    typer.echo(f"{legal_clock.legal_now(file).astimezone(SOFIA):%Y-%m-%d %H:%M:%S %Z}")


@app.command()
def contracts(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only compare; fail when a file is out of date.")] = False,
    accept_breaking: Annotated[
        bool, typer.Option("--accept-breaking", help="Replace frozen event schemas; only before their first release.")
    ] = False,
) -> None:
    """Write the API, configuration and event contracts from the code."""
    from aksu_local import contracts as generated  # noqa: PLC0415 - loads all four services

    files = generated.generate()
    if check:
        stale = list(generated.differences(files))
        for difference in stale:
            typer.echo(difference)
        if stale:
            typer.echo(f"{len(stale)} contracts differ from the code: run `make contracts` and review the change")
            raise typer.Exit(1)
        return
    if (broken := generated.broken_events(files)) and not accept_breaking:
        for change in broken:
            typer.echo(change)
        typer.echo("An event type only grows within its version: declare a new version instead")
        raise typer.Exit(1)
    for path in generated.write(files):
        typer.echo(path)


@app.command()
def sample(folder: Annotated[Path, typer.Argument(help="Where the workbooks go.")] = Path("sample")) -> None:
    """Write the sample register, and workbooks with planted defects beside a list of them."""
    from aksu_local.sample import REGISTER_FILE, write_defects, write_register  # noqa: PLC0415 - as above

    today = legal_day(datetime.now(UTC))
    register = write_register(folder / REGISTER_FILE, today=today)
    defects = write_defects(folder, today=today)
    typer.echo(f"{register.path}: {register.providers} providers, {register.services} services")
    typer.echo(f"{folder}: {len(defects)} planted defects")


def main() -> None:
    """Run a command; an expected failure is one message and exit code 1."""
    try:
        app()
    except (ProcessDied, FolderBusy, OtherBus, EarlierBuild, NoFreePort, SampleRefused, ToolMissing) as failure:
        typer.secho(str(failure), fg="red", err=True)
        sys.exit(1)
