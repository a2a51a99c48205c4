"""What `aksu-monitoring source …` does, on the service's database."""

from datetime import timedelta
from typing import Final, cast

import typer

from aksu_monitoring.config import MonitoringConfig
from aksu_monitoring.ingest.sources.signatures import Key, Version, new_key
from aksu_monitoring.ingest.sources.store import Listed, SourceStore
from aksu_shared.commands.context import Context, run

CONFIG: Final = "aksu_monitoring.config:MonitoringConfig"


def add(name: str, *, version: Version, public_key: str | None) -> str | None:
    """Add a source; give what it signs with, once, unless its holder made the key. Exits with 1 when it is there."""
    key, secret = _key(version, public_key)

    async def command(context: Context) -> bool:
        return await _store(context).add(name, key)

    _or_exit(done=run("monitoring", CONFIG, command), why=f"{name} was added before")
    return secret


def rotate(name: str, *, version: Version, public_key: str | None, overlap: timedelta) -> str | None:
    """Give a source another key; those before hold for `overlap`. Exits with 1 when there is no such source."""
    key, secret = _key(version, public_key)

    async def command(context: Context) -> bool:
        return await _store(context).rotate(name, key, overlap=overlap)

    _or_exit(done=run("monitoring", CONFIG, command), why=f"there is no source {name} in use")
    return secret


def disable(name: str) -> None:
    """Take no more from a source. Exits with 1 when there is no such source."""

    async def command(context: Context) -> bool:
        return await _store(context).disable(name)

    _or_exit(done=run("monitoring", CONFIG, command), why=f"there is no source {name} in use")


def listed() -> list[Listed]:
    """All sources."""

    async def command(context: Context) -> list[Listed]:
        return await _store(context).listed()

    return run("monitoring", CONFIG, command)


def _store(context: Context) -> SourceStore:
    config = cast("MonitoringConfig", context.config)
    return SourceStore(context.pool, config.key_ring)


def _key(version: Version, public_key: str | None) -> tuple[Key, str | None]:
    if public_key is None:
        return new_key(version)
    try:
        return Key.parse(public_key), None
    except ValueError as error:
        typer.echo(f"--key: {error}", err=True)
        raise typer.Exit(2) from None


def _or_exit(*, done: bool, why: str) -> None:
    if not done:
        typer.echo(why, err=True)
        raise typer.Exit(1)
