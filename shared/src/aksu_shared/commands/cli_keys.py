"""`aksu-<service> keys …`: the keys that wrap the keys to personal data."""

import typer


def keys_cli(service: str, *, config: str) -> typer.Typer:
    """The commands for `service`; what they need is imported when they run."""
    app = typer.Typer(no_args_is_help=True, help="Keys to restricted personal data.")

    @app.command()
    def rewrap() -> None:
        """Wrap all keys anew under the first key of AKSU_KEK; afterwards the others may be taken from it."""
        from aksu_shared.commands.keys import rewrap_keys  # noqa: PLC0415

        typer.echo(f"{rewrap_keys(service, config)} keys wrapped anew")

    @app.command()
    def new() -> None:
        """Print a new key for AKSU_KEK: an id of today and 32 random bytes."""
        from aksu_shared.commands.keys import new_kek  # noqa: PLC0415

        typer.echo(new_kek())

    return app
