"""What `aksu-<service> dead-letters …` does."""

import json
from collections.abc import Mapping, Sequence

import typer

from aksu_shared.commands.context import Context, run
from aksu_shared.db.notify import APPLIED, CHANGE_LOG
from aksu_shared.kernel.errors import NotFound
from aksu_shared.operations.dead_letters import ONE, detail_of
from aksu_shared.worker import dead_letters, repairing
from aksu_shared.worker.dead_letters import DeadLetter, Replayed

_NOTIFY = "SELECT pg_notify(channel, '') FROM unnest($1::text[]) AS channel"


def print_letters(service: str, config: str, *, state: str | None) -> None:
    """One line of JSON each, in the order they were parked."""

    async def command(context: Context) -> None:
        after = 0
        while page := await dead_letters.dead_letters(context.pool, state=state, after=after):
            for letter in page:
                typer.echo(_line(letter))
            after = page[-1].id

    run(service, config, command)


def letter_of(service: str, config: str, *, letter: int) -> str:
    """One dead letter as JSON, its bytes as far as everybody may see them."""

    async def command(context: Context) -> str:
        row = await context.pool.fetchrow(ONE, letter)
        if row is None:
            raise NotFound
        return detail_of(row).model_dump_json(indent=2)

    return run(service, config, command)


def repair(
    service: str, config: str, *, letter: int, value: bytes | None, headers: Mapping[str, str], why: str
) -> None:
    """Propose a corrected record; somebody who answers for such content confirms it over HTTP."""

    async def command(context: Context) -> None:
        pool = context.pool
        await repairing.repair(pool, letter, value=value, headers=headers, by=context.by, why=why)

    run(service, config, command)


def replay(service: str, config: str, *, letters: Sequence[int]) -> Replayed:
    """Apply them and all that is parked under their keys."""

    async def command(context: Context) -> Replayed:
        done = await dead_letters.replay(context.pool, context.applier, letters, by=context.by)
        await context.pool.execute(_NOTIFY, [CHANGE_LOG, APPLIED])
        return done

    return run(service, config, command)


def discard(service: str, config: str, *, letters: Sequence[int], why: str) -> int:
    """Give them up; give how many."""
    return run(service, config, lambda context: dead_letters.discard(context.pool, letters, by=context.by, why=why))


def _line(letter: DeadLetter) -> str:
    told = {
        "id": letter.id,
        "topic": letter.topic,
        "key": letter.key,
        "state": letter.state,
        "reason": letter.reason,
        "detail": letter.detail,
        "parked_at": letter.parked_at.isoformat(),
        "tries": letter.tries,
    }
    return json.dumps(told, ensure_ascii=False)
