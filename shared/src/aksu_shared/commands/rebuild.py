"""What `aksu-<service> rebuild` does: a progress bar for each source, and what came of it."""

from collections.abc import Callable

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from aksu_shared.commands.context import Context, run
from aksu_shared.serving.collector import collect_rarely
from aksu_shared.worker.feed import open_feeds
from aksu_shared.worker.rebuild import Rebuilder, Rebuilt

_NOTIFY = "SELECT pg_notify(channel, '') FROM unnest(ARRAY['change_log', 'events_applied']) AS channel"


def run_rebuild(service: str, config: str, *, name: str | None) -> None:
    """Rebuild everything, one source, or one copy."""
    collect_rarely()
    run(service, config, lambda context: _rebuild(context, name))


async def _rebuild(context: Context, name: str | None) -> None:
    chosen = _chosen(context, name)
    url = context.config.worker_database_url
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    async with open_feeds(context.config) as feeds:
        rebuilder = Rebuilder(
            url=url.get_secret_value() if url else "",
            applier=context.applier,
            feeds=feeds,
            handlers=context.parts.handlers,
            copies=context.parts.copies,
            on_rebuilt=context.parts.on_rebuilt,
        )
        with Progress(*columns, console=console) as bar:
            for source, copies in chosen.items():
                done = await rebuilder.rebuild(
                    source, only=copies, progress=_shown(bar, bar.add_task(source, total=None))
                )
                await context.pool.execute(_NOTIFY)
                _print(done)


def _shown(bar: Progress, task: TaskID) -> Callable[[int, int], None]:
    return lambda done, head: bar.update(task, completed=done, total=head)


def _chosen(context: Context, name: str | None) -> dict[str, list[str]]:
    """Source → names of its copies, empty for all of it."""
    sources = sorted({fact.owner for fact in context.parts.handlers})
    if name is None:
        return {source: [] for source in sources}
    if name in sources:
        return {name: []}
    found = {fact.owner: [copy.name] for fact, copy in context.parts.copies.items() if copy.name == name}
    if not found:
        known = ", ".join([*sources, *sorted(copy.name for copy in context.parts.copies.values())])
        typer.echo(f"nothing here is called {name}; known are: {known}", err=True)
        raise typer.Exit(2)
    return found


def _print(done: Rebuilt) -> None:
    typer.echo(
        f"{done.source}: {done.events} events up to {done.position}, {done.effects} had no effect before,"
        f" {done.vanished} no longer exist, {done.unreadable} unreadable"
    )
    for name, swapped in done.copies.items():
        typer.echo(f"  {name}: {swapped.added} added, {swapped.amended} amended, {swapped.deleted} deleted")
