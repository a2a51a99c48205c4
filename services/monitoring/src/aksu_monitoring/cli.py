"""`aksu-monitoring`: its processes, its migrations, and the systems that push to it."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from aksu_shared.commands.cli import service_cli
from aksu_shared.commands.cli_keys import keys_cli

CONFIG = "aksu_monitoring.config:MonitoringConfig"

app = service_cli("monitoring", config=CONFIG)
sources = typer.Typer(no_args_is_help=True, help="Systems that push inspection events, and their keys.")
app.add_typer(sources, name="source")
app.add_typer(keys_cli("monitoring", config=CONFIG), name="keys")


class Algorithm(StrEnum):
    """How a source signs: with a key pair of its own, or with a shared secret."""

    ED25519 = "v1a"
    HMAC = "v1"


Name = Annotated[str, typer.Argument(help="the subject of the system's tokens")]
Version = Annotated[Algorithm, typer.Option("--signature", help="v1a: ed25519; v1: HMAC-SHA256")]
Given = Annotated[str | None, typer.Option("--key", help="whpk_… or whsec_… of the system; by default one is made")]


@sources.command()
def add(name: Name, *, signature: Version = Algorithm.ED25519, key: Given = None) -> None:
    """Let a system push; prints what it signs with, which is shown this once."""
    from aksu_monitoring.ingest.sources.command import add as add_source  # noqa: PLC0415 - as in the shared commands

    _show(add_source(name, version=signature.value, public_key=key))


@sources.command()
def rotate(
    name: Name,
    *,
    signature: Version = Algorithm.ED25519,
    key: Given = None,
    overlap_hours: Annotated[float, typer.Option(min=0, help="how long the keys before still hold")] = 24,
) -> None:
    """Give it another key."""
    from aksu_monitoring.ingest.sources.command import rotate as rotate_key  # noqa: PLC0415

    overlap = timedelta(hours=overlap_hours)
    _show(rotate_key(name, version=signature.value, public_key=key, overlap=overlap))


@sources.command()
def disable(name: Name) -> None:
    """Take nothing more from it, within a second."""
    from aksu_monitoring.ingest.sources.command import disable as disable_source  # noqa: PLC0415

    disable_source(name)


@sources.command("list")
def list_sources() -> None:
    """One line each."""
    from aksu_monitoring.ingest.sources.command import listed  # noqa: PLC0415

    for source in listed():
        state = f"disabled {source.disabled_at:%Y-%m-%d}" if source.disabled_at else ",".join(source.versions)
        typer.echo(f"{source.name}\t{source.added_at:%Y-%m-%d}\t{state}")


def _show(secret: str | None) -> None:
    if secret is not None:
        typer.echo(secret)


def main() -> None:
    """Entry point."""
    app()
