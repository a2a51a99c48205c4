"""Dead letters: records parked for their own fault or behind one; listed, repaired, replayed in order, or discarded.

A repaired record keeps its original bytes beside the corrected ones, and its id: replayed twice it takes effect once.
Corrected bytes are applied when they are confirmed (`aksu_shared.worker.repairing`), and not before.
The API only writes down what an operator orders; the worker, which may do it, carries the orders out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from aksu_shared.db.work import Connection
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.failure import Fault, fault_of, is_broken, is_infrastructure, transaction
from aksu_shared.worker.items import read
from aksu_shared.worker.repairing import delivered, is_confirmed, uuid_of

_PORTION: Final = 200

_LIST: Final = """
SELECT id, consumer, topic, partition, "offset", key, headers, octet_length(value) AS size, reason, detail, state,
       tries, repaired_value IS NOT NULL AS repaired, confirmed_at IS NOT NULL AS confirmed,
       ordered, parked_at, resolved_at, resolved_by, resolution
  FROM dead_letter
 WHERE (state = $1 OR $1::text IS NULL AND outcome IS NULL) AND id > $2 ORDER BY id LIMIT $3"""
_ORDERS: Final = """
SELECT id, ordered, ordered_by, order_reason FROM dead_letter
 WHERE outcome IS NULL AND ordered IS NOT NULL AND consumer = $1 ORDER BY id LIMIT 100"""
_ORDER_DONE: Final = "UPDATE dead_letter SET ordered = NULL WHERE id = ANY ($1::bigint[])"
_KEYS: Final = """
SELECT topic, key FROM dead_letter WHERE consumer = $1 AND id = ANY ($2::bigint[]) AND outcome IS NULL
 GROUP BY topic, key ORDER BY min(id)"""
_LOCK: Final = """
SELECT FROM dead_letter WHERE consumer = $1 AND topic = $2 AND key = $3 AND outcome IS NULL ORDER BY id FOR UPDATE"""
_NEXT: Final = """
SELECT id, topic, partition, "offset", key, confirmed_at IS NOT NULL AS repaired, parked_at,
       CASE WHEN confirmed_at IS NULL THEN headers ELSE repaired_headers END AS headers,
       CASE WHEN confirmed_at IS NULL THEN value ELSE repaired_value END AS value FROM dead_letter
 WHERE consumer = $1 AND topic = $2 AND key = $3 AND outcome IS NULL ORDER BY id LIMIT $4"""
_ADMIT: Final = """
INSERT INTO inbox (consumer, event_id, source, seq) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING true"""
_DONE: Final = """
UPDATE dead_letter
   SET outcome = 'REPLAYED', resolved_at = now(), resolved_by = $2, tries = tries + 1, tried_at = now() WHERE id = $1"""
_STILL: Final = """
UPDATE dead_letter SET reason = $2, detail = $3, tries = tries + 1, tried_at = now(), ordered = NULL WHERE id = $1"""
_EPOCH: Final = "SELECT epoch FROM source_state WHERE source = $1"
_DISCARD: Final = """
UPDATE dead_letter SET outcome = 'DISCARDED', resolved_at = now(), resolved_by = $2, resolution = $3
 WHERE id = ANY ($1::bigint[]) AND outcome IS NULL
 RETURNING consumer, CASE WHEN confirmed_at IS NULL THEN headers ELSE repaired_headers END AS headers"""
_NOT_CONFIRMED: Final = Fault("REPAIR_NOT_CONFIRMED", "the log holds no signed confirmation of this content")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One dead letter without the bytes of its record; `size` is their number."""

    id: int
    consumer: str
    topic: str
    partition: int
    offset: int
    key: str
    headers: Mapping[str, str]
    size: int
    reason: str
    detail: str | None
    state: str
    tries: int
    repaired: bool
    confirmed: bool
    ordered: str | None
    parked_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay did. `failed` are the dead letters at which a key stopped; what follows them stays parked."""

    applied: Sequence[int]
    failed: Mapping[int, Fault]


async def dead_letters(
    pool: asyncpg.Pool, *, state: str | None = None, after: int = 0, limit: int = 200
) -> list[DeadLetter]:
    """Dead letters in the order they were parked, from the one after id `after`.

    Those in `state`; without one, those neither replayed nor discarded.
    """
    return [DeadLetter(**dict(row)) for row in await pool.fetch(_LIST, state, after, limit)]


async def replay(pool: asyncpg.Pool, applier: Applier, ids: Sequence[int], *, by: str) -> Replayed:
    """Apply the whole keys to which `ids` belong, in order, each record once and under its original id.

    A key stops at the first record that fails again. Poke the change log's listeners afterwards: handlers may have
    recorded changes. Raises what is_infrastructure.
    """
    applied: list[int] = []
    failed: dict[int, Fault] = {}
    for topic, key in await pool.fetch(_KEYS, applier.name, list(ids)):
        while True:
            done, stopped = await _portion(pool, applier, topic, key, by=by)
            applied += done
            failed |= stopped
            if stopped or not done:
                break
    return Replayed(applied=applied, failed=failed)


async def carry_out(pool: asyncpg.Pool, applier: Applier) -> int:
    """Do what was ordered through the API, in the order of the letters; give how many orders there were."""
    orders = await pool.fetch(_ORDERS, applier.name)
    for order in orders:
        if order["ordered"] == "DISCARD":
            await discard(pool, [order["id"]], by=order["ordered_by"], why=order["order_reason"])
        else:
            await replay(pool, applier, [order["id"]], by=order["ordered_by"])
    await pool.execute(_ORDER_DONE, [order["id"] for order in orders])
    return len(orders)


async def discard(pool: asyncpg.Pool, ids: Sequence[int], *, by: str, why: str) -> int:
    """Give up parked records for good; give how many. What is parked behind them waits for a replay."""
    async with transaction(pool) as connection:
        rows = await connection.fetch(_DISCARD, list(ids), by, why)
        for row in rows:
            # In the inbox, so that a repeated delivery of it is not taken for new.
            event_id = uuid_of(row["headers"].get("ce_id", ""))
            if event_id is not None:
                source = row["headers"].get("ce_source", "").removeprefix("/aksu/")
                seq = row["headers"].get("ce_seq", "")
                number = int(seq) if seq.isascii() and seq.isdecimal() and len(seq) < 19 else 0  # noqa: PLR2004 - bigint
                await connection.execute(_ADMIT, row["consumer"], event_id, source, number)
    return len(rows)


async def _portion(
    pool: asyncpg.Pool, applier: Applier, topic: str, key: str, *, by: str
) -> tuple[list[int], dict[int, Fault]]:
    """Apply the next records of one key, until one fails, in one transaction."""
    done: list[int] = []
    async with transaction(pool) as connection:
        # Two statements: the second sees what a consumer parked while the first waited for it.
        await connection.execute(_LOCK, applier.name, topic, key)
        for row in await connection.fetch(_NEXT, applier.name, topic, key, _PORTION):
            fault = await _again(connection, applier, row)
            if fault is not None:
                await connection.execute(_STILL, row["id"], fault.reason, fault.detail)
                return done, {row["id"]: fault}
            await connection.execute(_DONE, row["id"], by)
            done.append(row["id"])
    return done, {}


async def _again(connection: Connection, applier: Applier, row: Mapping[str, Any]) -> Fault | None:
    if row["repaired"] and not await is_confirmed(connection, applier.service, applier.log_keys, row):
        return _NOT_CONFIRMED
    item = read(delivered(row, headers=row["headers"], value=row["value"]))
    if item.fault is not None or item.event is None or item.event.meta is None:
        return item.fault
    meta = item.event.meta
    if meta.epoch < (await connection.fetchval(_EPOCH, meta.source) or ""):
        return None  # its owner was restored since: what is left of it there, the rebuild has brought
    try:
        async with connection.transaction():
            if await connection.fetchval(_ADMIT, applier.name, meta.id, meta.source, meta.seq):
                work = await applier.run(connection, [item.event])
                await work.flush()
    except Exception as error:
        if is_infrastructure(error) or is_broken(connection):
            raise
        return fault_of(error)
    return None
