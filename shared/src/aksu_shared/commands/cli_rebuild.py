"""`aksu-<service> rebuild`: copies of other services' data made anew from their change feeds."""

from typing import Annotated

import typer


def add_rebuild(app: typer.Typer, service: str, *, config: str) -> None:
    """Add the command; what it needs is imported when it runs."""

    @app.command()
    def rebuild(
        name: Annotated[
            str | None, typer.Argument(help="a source (registry) or a copy (service); default: all")
        ] = None,
    ) -> None:
        """Make copies of other services' data anew from their change feeds, while everything goes on."""
        from aksu_shared.commands.rebuild import run_rebuild  # noqa: PLC0415

        run_rebuild(service, config, name=name)
