"""`aksu-registry import`: the import with a progress bar and a table of what was refused."""

from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from aksu_registry.config import SERVICE, RegistryConfig
from aksu_registry.register_import.importing import import_register
from aksu_registry.register_import.schemas import ImportReport
from aksu_shared.auth.principal import Principal, Role
from aksu_shared.commands.settings import load_config
from aksu_shared.operations.service import open_commands

SHOWN = 50
OPERATOR = Principal("cli:aksu-registry", frozenset({Role.LICENSING_OFFICER}), "AKSU")
"""The import from the command line acts for the Agency: who may run it, the host decides."""


async def run_import(file: Path, *, dry_run: bool) -> int:
    """Import `file`; gives the number of refused rows."""
    console = Console()
    config: RegistryConfig = load_config("aksu_registry.config:RegistryConfig")
    async with open_commands(SERVICE, config) as commands:
        with Progress(console=console) as bar:
            task = bar.add_task("Внос" if not dry_run else "Проба", total=None)
            report = await import_register(
                commands,
                file,
                name=file.name,
                by=OPERATOR,
                dry_run=dry_run,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    _print(console, report)
    return report.refused


def _print(console: Console, report: ImportReport) -> None:
    console.print(
        f"{report.file}: {report.rows} реда – нови {report.created}, променени {report.updated}, "
        f"без промяна {report.unchanged}, отказани {report.refused}"
        + (" (проба, нищо не е записано)" if report.dry_run else "")
    )
    if not report.refused:
        return
    table = Table("Ред", "Причина")
    refused = [result for result in report.results if result.errors]
    for result in refused[:SHOWN]:
        table.add_row(str(result.row), "\n".join(str(error["message"]) for error in result.errors))
    console.print(table)
    if len(refused) > SHOWN:
        console.print(f"… и още {len(refused) - SHOWN}; пълният отчет: POST /v1/imports?dry_run=true")
