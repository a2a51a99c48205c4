"""`aksu-local migrations`: check them, begin one, list those that land."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from aksu_local import frozen
from aksu_local.databases import SERVICES

app = typer.Typer(help=__doc__, no_args_is_help=True)


@app.command()
def check() -> None:
    """Compare the tables in code with the migrated databases, and look for SQL that would stop a running platform."""
    from aksu_local import migrations  # noqa: PLC0415 - loads alembic and the tables of all four services

    found = [*migrations.faults(), migrations.risks(migrations.statements())]
    for problem in filter(None, found):
        typer.echo(problem)
    raise typer.Exit(any(found))


@app.command()
def new(
    service: Annotated[str, typer.Option(help=", ".join(SERVICES))],
    slug: Annotated[str, typer.Option(help="What it does: adds_settlement")],
) -> None:
    """Write the next migration of a service, from its tables in code."""
    from aksu_local import migrations  # noqa: PLC0415 - as above

    if service not in SERVICES:
        raise typer.BadParameter(f"SERVICE is one of {', '.join(SERVICES)}")
    if not slug.isidentifier() or slug != slug.lower():
        raise typer.BadParameter("SLUG says what it does, as in adds_settlement")
    typer.echo(migrations.write(service, slug, now=datetime.now(UTC)))


@app.command()
def freeze(*, edited: Annotated[bool, typer.Option("--edited", help="Only before the first release.")] = False) -> None:
    """List migrations and shared SQL that are to land by checksum; `--edited` those changed after they landed too."""
    for folder in frozen.folders(*SERVICES):
        frozen.freeze(folder, edited=edited)
