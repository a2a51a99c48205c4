"""`aksu-registry`: its processes, its migrations, the import of the public register, and whose a pseudonym is."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from aksu_shared.auth.pseudonym import Pseudonyms
from aksu_shared.commands.cli import service_cli
from aksu_shared.commands.settings import load_config
from aksu_shared.kernel.errors import Problem

CONFIG = "aksu_registry.config:RegistryConfig"
app = service_cli("registry", config=CONFIG)

SHOWN = 50


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="XLSX in the layout of the public register")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="report only; store nothing")] = False,
) -> None:
    """Take over the Agency's public register from a workbook."""
    from aksu_registry.register_import.command import run_import  # noqa: PLC0415 - heavy, and used here only

    if not file.is_file():
        typer.echo(f"Няма такъв файл: {file}", err=True)
        raise typer.Exit(2)
    try:
        refused = asyncio.run(run_import(file, dry_run=dry_run))
    except Problem as problem:
        typer.echo(problem.message("bg"), err=True)
        for error in problem.errors[:SHOWN]:
            typer.echo(f"  {error.bg}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(1 if refused else 0)


@app.command()
def pseudonym(subject: Annotated[str, typer.Argument(help="`sub` of somebody's tokens")]) -> None:
    """Print under which name somebody acts, to find whose a pseudonym is."""
    config = load_config(CONFIG)
    typer.echo(Pseudonyms(config.pseudonym_key.get_secret_value()).of(subject))


def main() -> None:
    """Entry point."""
    app()
