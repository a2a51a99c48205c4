"""`aksu-<service> dead-letters …`: what could not be applied, listed, repaired, replayed or discarded."""

from pathlib import Path
from typing import Annotated

import typer


def dead_letters_cli(service: str, *, config: str) -> typer.Typer:
    """The commands for `service`; what they need is imported when they run."""
    app = typer.Typer(no_args_is_help=True, help="Records that could not be applied.")
    _add_what_reads(app, service, config)
    _add_what_changes(app, service, config)
    return app


def _add_what_reads(app: typer.Typer, service: str, config: str) -> None:
    @app.command("list")
    def list_letters(
        state: Annotated[str | None, typer.Option(help="PARKED, REPAIRED, REPLAYED or DISCARDED")] = None,
    ) -> None:
        """One line each, in the order they were parked; without a state, those neither replayed nor discarded."""
        from aksu_shared.commands.dead_letters import print_letters  # noqa: PLC0415

        print_letters(service, config, state=state)

    @app.command()
    def show(letter: Annotated[int, typer.Argument(help="number of the dead letter")]) -> None:
        """Reason, headers and, where everybody may see them, bytes."""
        from aksu_shared.commands.dead_letters import letter_of  # noqa: PLC0415

        typer.echo(letter_of(service, config, letter=letter))


def _add_what_changes(app: typer.Typer, service: str, config: str) -> None:
    @app.command("repair")
    def repair_letter(
        letter: Annotated[int, typer.Argument(help="number of the dead letter")],
        *,
        reason: Annotated[str, typer.Option(help="what was wrong")],
        data: Annotated[Path | None, typer.Option(help="file with the corrected JSON data")] = None,
        header: Annotated[list[str] | None, typer.Option(help="ce_name=value, repeatable")] = None,
    ) -> None:
        """Propose a corrected record; once somebody else has confirmed it over HTTP, a replay applies it."""
        from aksu_shared.commands.dead_letters import repair  # noqa: PLC0415

        headers = dict(each.split("=", 1) for each in header or ())
        repair(service, config, letter=letter, value=data.read_bytes() if data else None, headers=headers, why=reason)

    @app.command("replay")
    def replay_letters(letters: Annotated[list[int], typer.Argument(help="numbers of dead letters")]) -> None:
        """Apply them and all that is parked under their keys, in order; exits with 1 when one fails again."""
        from aksu_shared.commands.dead_letters import replay  # noqa: PLC0415

        done = replay(service, config, letters=letters)
        for number, fault in done.failed.items():
            typer.echo(f"{number}: {fault.reason} {fault.detail}")
        typer.echo(f"{len(done.applied)} applied, {len(done.failed)} failed")
        if done.failed:
            raise typer.Exit(1)

    @app.command("discard")
    def discard_letters(
        letters: Annotated[list[int], typer.Argument(help="numbers of dead letters")],
        *,
        reason: Annotated[str, typer.Option(help="why they are given up")],
    ) -> None:
        """Give them up for good; what is parked behind them waits for a replay."""
        from aksu_shared.commands.dead_letters import discard  # noqa: PLC0415

        typer.echo(f"{discard(service, config, letters=letters, why=reason)} discarded")
