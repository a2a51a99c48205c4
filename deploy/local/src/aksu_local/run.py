"""`make run`: a platform in the foreground, described on the terminal, until Ctrl-C."""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.table import Table

from aksu_local.origin import one_origin
from aksu_local.platform import MADE_HERE, BusKind, Platform
from aksu_local.ports import origin_port, preferred_ports
from aksu_local.roles import MAIN_ROLES

_STOP: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run(folder: Path, *, bus: BusKind, fresh: bool) -> None:
    """Start, load the sample data into a new platform, print the table, stay until a signal says stop."""
    console = Console(highlight=False)
    started = time.monotonic()

    def report(stage: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/dim]  {stage}")

    async def session() -> None:
        async with (
            Platform(
                folder,
                bus=bus,
                fresh=fresh,
                durable=True,
                environment=_exported(os.environ),
                ports=preferred_ports,
                report=report,
            ) as platform,
            one_origin({service: platform.url(service) for service in platform.services}, origin_port()) as origin,
        ):
            if not platform.folder.made().get("sample"):
                report(await _load_sample(platform))
            console.print(_table(platform, origin))
            console.print("Documentation of each: /docs, /redoc, /openapi.json")
            for line in _tokens(platform, await _some_provider(platform)):
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


def _exported(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The settings of services that the developer chose, such as AKSU_CORS_ORIGINS; those the platform makes stay."""
    return {name: value for name, value in environment.items() if name.startswith("AKSU_") and name not in MADE_HERE}


def _table(platform: Platform, origin: str) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    for title in ("service", "address", "all under one address"):
        table.add_column(title, no_wrap=True)
    for service in platform.services:
        table.add_row(service, platform.url(service), f"{origin}/{service}")
    return table


async def _some_provider(platform: Platform) -> str | None:
    """The body of a provider there is: the main user from outside, whose body cannot be known beforehand."""
    async with httpx.AsyncClient(base_url=platform.url("registry"), timeout=10) as client:
        found = (await client.get("/v1/providers", params={"legal_form": "NGO", "limit": 1})).json()["items"]
    return found[0]["body"] if found else None


def _tokens(platform: Platform, provider: str | None) -> Iterator[str]:
    yield "\n[bold]Tokens[/bold], good for 8 hours, each to be pasted into a shell (others: make token ROLE=… BODY=…)"
    for role, body in {**MAIN_ROLES, **({"provider": provider} if provider else {})}.items():
        yield f"[bold]{role}[/bold]={platform.token(role, body)} [dim]# {body or 'a system that pushes'}[/dim]"
    yield f'\nTry: curl -H "Authorization: Bearer $inspector" "{platform.url("registry")}/v1/services?oblast=BLG"'
