"""`aksu-<service> log …`: the change log verified, published again, and begun anew after a restore."""

from pathlib import Path
from typing import Annotated

import typer

_END = 2**63 - 1


def log_cli(service: str, *, config: str) -> typer.Typer:
    """The commands for `service`; what they need is imported when they run."""
    app = typer.Typer(no_args_is_help=True, help="The change log: verify, held, set-aside, republish, head, new-epoch.")

    _add_sending(app, service, config)
    _add_showing(app, service, config)
    return app


def _add_sending(app: typer.Typer, service: str, config: str) -> None:
    """What changes what others get to see."""

    @app.command()
    def republish(
        first: Annotated[int, typer.Option("--from", min=1, help="first position")] = 1,
        last: Annotated[int, typer.Option("--to", min=1, help="last position; by default the last one shipped")] = _END,
        type_: Annotated[str | None, typer.Option("--type", help="events of this type only")] = None,
    ) -> None:
        """Send changes to the bus again; consumers that have them take no notice."""
        from aksu_shared.commands.log import republish_log  # noqa: PLC0415

        typer.echo(f"{republish_log(service, config, first=first, last=last, type=type_)} changes sent again")

    @app.command("set-aside")
    def set_aside_change(
        seq: Annotated[int, typer.Argument(help="number of the held change")],
        *,
        reason: Annotated[str, typer.Option(help="why it is no change of ours, and how that was found out")],
    ) -> None:
        """Give a held change up for good: it is never published, and what is behind it goes on."""
        from aksu_shared.commands.log import set_aside  # noqa: PLC0415

        typer.echo(f"set aside; {set_aside(service, config, seq=seq, why=reason)} changes behind it go on")

    @app.command("new-epoch")
    def new_epoch(reason: Annotated[str, typer.Option(help="what was restored, from when")]) -> None:
        """Begin a new epoch: run it once, after the database was restored from a backup, before the worker starts."""
        from aksu_shared.commands.log import begin_epoch  # noqa: PLC0415

        epoch = begin_epoch(service, config, reason=reason)
        typer.echo(f"epoch {epoch} began; consumers rebuild their copies of {service}")


def _add_showing(app: typer.Typer, service: str, config: str) -> None:
    """What only looks."""

    @app.command()
    def verify(
        heads: Annotated[Path | None, typer.Option(help="file of published heads (AKSU_HEAD_FILE)")] = None,
        after: Annotated[int, typer.Option(min=0, help="begin behind this position, whose hash is --hash")] = 0,
        start: Annotated[str, typer.Option("--hash", help="hexadecimal digits")] = "",
    ) -> None:
        """Recompute hash chain and MACs, compare the tables with the log; exits with 1 when anything was changed.

        Without a file of published heads (--heads, else AKSU_HEAD_FILE) a tail that was cut off is not found.
        """
        from aksu_shared.commands.log import verify_log  # noqa: PLC0415

        if bool(after) != bool(start):
            typer.echo("--after and --hash go together", err=True)
            raise typer.Exit(2)
        if verify_log(service, config, file=heads, after=after, start=bytes.fromhex(start)):
            raise typer.Exit(1)

    @app.command()
    def held() -> None:
        """Changes that got no position because their MAC does not hold; exits with 1 while any waits for somebody."""
        from aksu_shared.commands.log import list_held  # noqa: PLC0415

        if list_held(service, config):
            raise typer.Exit(1)

    @app.command()
    def head(append: Annotated[Path | None, typer.Option(help="add it to this file")] = None) -> None:
        """Print where the log stands, as one line of JSON to be kept elsewhere."""
        from aksu_shared.commands.log import show_head  # noqa: PLC0415

        typer.echo(show_head(service, config, append=append))
