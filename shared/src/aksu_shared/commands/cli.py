"""The command line every service has: `api`, `worker`, `migrate`, `rebuild`, `log`, … – the same words everywhere."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from aksu_shared.commands.cli_dead_letters import dead_letters_cli
from aksu_shared.commands.cli_log import log_cli
from aksu_shared.commands.cli_rebuild import add_rebuild
from aksu_shared.commands.settings import load_config
from aksu_shared.kernel.unfit import Unfit


class Commands(TyperGroup):
    """Commands that say in one line why they must not run here, and exit with 2."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - a context of click, which typer carries privately
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except Unfit as obstacle:
            typer.echo(str(obstacle), err=True)
            raise typer.Exit(2) from None


def service_cli(service: str, *, config: str) -> typer.Typer:
    """Commands of `service`, whose package is `aksu_<service>`; `config` is the path of its configuration class.

    What a command needs is imported when it runs: `migrate` does not pay for FastAPI.
    """
    app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    _add_processes(app, service, config)

    @app.command()
    def migrate() -> None:
        """Bring the database to this build's schema."""
        from aksu_shared.db.migrate import upgrade  # noqa: PLC0415

        settings = load_config(config)
        if settings.owner_database_url is None:
            typer.echo("AKSU_OWNER_DATABASE_URL is needed to migrate", err=True)
            raise typer.Exit(2)
        upgrade(service, settings.owner_database_url.get_secret_value())

    add_rebuild(app, service, config=config)
    app.add_typer(log_cli(service, config=config), name="log")
    app.add_typer(dead_letters_cli(service, config=config), name="dead-letters")
    return app


def _add_processes(app: typer.Typer, service: str, config: str) -> None:
    """The two processes of a service."""

    @app.command()
    def api(
        host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
        port: Annotated[int, typer.Option(help="port to listen on")] = 8000,
    ) -> None:
        """Serve the JSON API."""
        from aksu_shared.serving.server import serve  # noqa: PLC0415

        settings = load_config(config)
        app = import_module(f"aksu_{service}.main").create(settings)
        _ = app.contract  # made now, while nobody waits
        serve(
            app,
            host=host,
            port=port,
            health=app.state.health,
            trusted_proxies=settings.trusted_proxies,
            drain_seconds=settings.drain_seconds,
        )

    @app.command()
    def worker(health_port: Annotated[int, typer.Option(help="port of /healthz, /readyz and /metrics")] = 9000) -> None:
        """Sequence and ship the change log, consume events, fire deadlines."""
        import uvloop  # noqa: PLC0415

        settings = load_config(config)
        uvloop.run(import_module(f"aksu_{service}.worker").run(settings, health_port=health_port))
