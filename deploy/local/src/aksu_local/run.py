"""`make run`: a platform in the foreground, described on the terminal, until Ctrl-C."""

import asyncio
import signal
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from aksu_local.platform import BusKind, Platform
from aksu_local.ports import preferred_ports
from aksu_local.roles import MAIN_ROLES

_STOP: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run(folder: Path, *, bus: BusKind, fresh: bool) -> None:
    """Start, load the sample data into a new platform, print the table, stay until a signal says stop."""
    console = Console(highlight=False)
    started = time.monotonic()

    def report(stage: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/dim]  {stage}")

    async def session() -> None:
        async with Platform(
            folder, bus=bus, fresh=fresh, durable=True, ports=preferred_ports, report=report
        ) as platform:
            if not platform.folder.made().get("sample"):
                report(await _load_sample(platform))
            console.print(_table(platform))
            for line in _tokens(platform):
                console.print(line, soft_wrap=True)
            console.print(f"\nLogs and data: {platform.folder.root}   Stop: Ctrl-C")
            try:
                await platform.keep_servers()
            finally:
                console.print("stopping")

    if await _until_signal(session()):
        console.print(f"stopped; the data stays in {folder} ([bold]make run FRESH=1[/bold] starts over)")


async def _load_sample(platform: Platform) -> str:
    from aksu_local.loading import load_sample  # noqa: PLC0415 - once in the life of a folder

    sample = await load_sample(platform)
    platform.folder.remember(sample=True)
    return f"sample data: {sample.register_rows} rows of the register, {sample.municipal_services} municipal services"


async def _until_signal(session: Coroutine[Any, Any, None]) -> bool:
    """Whether a signal ended it. A second signal hurries the stop: children die with us in any case."""
    task = asyncio.create_task(session)
    for number in _STOP:
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


def _table(platform: Platform) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    for title in ("service", "address", "documentation"):
        table.add_column(title, no_wrap=True)
    for service in platform.services:
        table.add_row(service, platform.url(service), f"{platform.url(service)}/docs")
    return table


def _tokens(platform: Platform) -> Iterator[str]:
    yield "\n[bold]Tokens[/bold], good for 8 hours, each to be pasted into a shell (others: make token ROLE=… BODY=…)"
    for role, body in MAIN_ROLES.items():
        yield f"[bold]{role}[/bold]={platform.token(role, body)} [dim]# {body}[/dim]"
    yield f'\nTry: curl -H "Authorization: Bearer $inspector" "{platform.url("registry")}/v1/services?oblast=BLG"'
