"""What `aksu-<service> log …` does."""

from pathlib import Path

import typer

from aksu_shared.commands.context import Context, run
from aksu_shared.db.notify import CHANGE_LOG
from aksu_shared.worker import epochs, evidence, heads, holding, republish, verify

_NOTIFY = "SELECT pg_notify($1, '')"
_NO_HEADS = (
    "no published head to compare with: a tail that was cut off, with log_state set back, is NOT found. Name the file"
    " of published heads (--heads, AKSU_HEAD_FILE), kept where the database's administrators cannot write"
)


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


def list_held(service: str, config: str) -> int:
    """Print what got no position; give how much of it waits for somebody."""

    async def command(context: Context) -> int:
        found = await holding.held(context.pool)
        for each in found:
            aside = "" if each.set_aside_at is None else f", set aside by {each.set_aside_by}: {each.set_aside_reason}"
            typer.echo(f"{each.seq} {each.topic} {each.aggregate_id} {each.reason} {each.held_at.isoformat()}{aside}")
        return sum(each.set_aside_at is None for each in found)

    return run(service, config, command)


def set_aside(service: str, config: str, *, seq: int, why: str) -> int:
    """Give a held change up for good; give how many behind it go on."""

    async def command(context: Context) -> int:
        released = await holding.set_aside(context.pool, seq, by=context.by, why=why)
        await context.pool.execute(_NOTIFY, CHANGE_LOG)
        return released

    return run(service, config, command)


async def _verify(context: Context, file: Path | None, after: int, start: bytes) -> int:
    result = await verify.verify(context.pool, after=after, start=start)
    for finding in result.findings:
        typer.echo(f"{finding.kind}: position {finding.position}" + (f", seq {finding.seq}" if finding.seq else ""))
    reads = await verify.verify(context.pool, log=verify.READS)
    for finding in reads.findings:
        typer.echo(f"reads, {finding.kind}: position {finding.position}")
    wrong = len(result.findings) + len(reads.findings)
    wrong += await _heads(context, file) + await _unsigned(context, after) + await _tables(context)
    typer.echo(f"{reads.rows} reads up to position {reads.position}, hash {reads.hash.hex()}")
    typer.echo(f"{result.rows} changes up to position {result.position}, hash {result.hash.hex()}: {wrong} wrong")
    return wrong


async def _heads(context: Context, file: Path | None) -> int:
    known = context.config.head_file
    if file is None and known is not None and known.exists():
        file = known
    published = heads.read_heads(file, context.service) if file else ()
    if not published:
        typer.echo(_NO_HEADS)
    found = await heads.contradictions(context.pool, published)
    for each in found:
        typer.echo(f"{each.kind}: the head published {each.head.at} at position {each.head.position}")
    return sum(each.kind != "restored" for each in found)


async def _unsigned(context: Context, after: int) -> int:
    count = 0
    async for each in evidence.unsigned(context.pool, context.service, context.config.log_keys, after=after):
        place = "without a position" if each.position is None else f"position {each.position}"
        typer.echo(f"{each.doubt}: {place}, seq {each.seq}")
        count += 1
    return count


async def _tables(context: Context) -> int:
    found = await evidence.contradictions(context.pool, context.parts.aggregates)
    for each in found:
        typer.echo(f"{context.service}.{each.table} {each.id}: {', '.join(each.fields)}")
    return len(found)
