"""What `aksu-<service> keys …` does."""

import base64
from datetime import UTC, datetime

import typer

from aksu_shared.commands.context import Context, run
from aksu_shared.privacy.expiry import rewrap
from aksu_shared.privacy.keys import Unreadable, new_key


def rewrap_keys(service: str, config: str) -> int:
    """Wrap everything under the first key; give how many. Exits with 1 when a key it needs is not configured."""

    async def command(context: Context) -> int:
        if not context.config.key_ring:
            raise ValueError(f"{service} holds no personal data")
        try:
            return await rewrap(context.pool, context.config.key_ring, context.parts.wrapped, told=_told)
        except Unreadable as failure:
            typer.echo(str(failure), err=True)
            raise typer.Exit(1) from None

    return run(service, config, command)


def new_kek() -> str:
    """A key as AKSU_KEK takes it."""
    return f"{datetime.now(UTC):%Y-%m-%d}:{base64.b64encode(new_key()).decode()}"


def _told(table: str, done: int) -> None:
    typer.echo(f"{table}: {done}", err=True)
