"""What `aksu-<service> log …` does."""

from pathlib import Path

import typer

from aksu_shared.commands.context import Context, run
from aksu_shared.worker import epochs, heads, republish, verify


def republish_log(service: str, config: str, *, first: int, last: int, type: str | None) -> int:  # noqa: A002 - the column's name
    """Send changes to the bus again; give how many."""

    async def command(context: Context) -> int:
        return await republish.republish(context.pool, context.bus, source=service, first=first, last=last, type=type)

    return run(service, config, command)


def verify_log(service: str, config: str, *, file: Path | None, after: int, start: bytes) -> int:
    """Print what is wrong with the log, and give how much."""
    return run(service, config, lambda context: _verify(context, file, after, start))


def show_head(service: str, config: str, *, append: Path | None) -> str:
    """The log's head as a line of JSON, added to a file when one is given."""
    head = run(service, config, lambda context: heads.head_of(context.pool, service))
    if append is not None:
        heads.append_head(append, head)
    return str(head)


def begin_epoch(service: str, config: str, *, reason: str) -> str:
    """Begin a new epoch; give it."""

    async def command(context: Context) -> str:
        epoch = await epochs.new_epoch(context.pool, context.bus, service=service, reason=reason)
        if context.config.head_file is not None:
            heads.append_head(context.config.head_file, await heads.head_of(context.pool, service))
        return epoch

    try:
        return run(service, config, command)
    except epochs.WorkerRuns:
        typer.echo("a worker of this service runs on this database: stop it first", err=True)
        raise typer.Exit(2) from None


async def _verify(context: Context, file: Path | None, after: int, start: bytes) -> int:
    result = await verify.verify(context.pool, after=after, start=start)
    for finding in result.findings:
        typer.echo(f"{finding.kind}: position {finding.position}" + (f", seq {finding.seq}" if finding.seq else ""))
    wrong = len(result.findings)
    published = heads.read_heads(file, context.service) if file else ()
    for each in await heads.contradictions(context.pool, published):
        typer.echo(f"{each.kind}: the head published {each.head.at} at position {each.head.position}")
        wrong += each.kind != "restored"
    reads = await verify.verify(context.pool, log=verify.READS)
    for finding in reads.findings:
        typer.echo(f"reads, {finding.kind}: position {finding.position}")
    wrong += len(reads.findings)
    typer.echo(f"{reads.rows} reads up to position {reads.position}, hash {reads.hash.hex()}")
    typer.echo(f"{result.rows} changes up to position {result.position}, hash {result.hash.hex()}: {wrong} wrong")
    return wrong
