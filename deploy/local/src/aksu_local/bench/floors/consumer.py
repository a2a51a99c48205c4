"""Consumers as a competent person writes them who promises less: nothing checked, nothing parked."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from typing import Any, Final
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pydantic_core import from_json

from aksu_local.worker_rig import TOPIC
from aksu_shared.db.pool import Json

_INBOX: Final = """
INSERT INTO inbox (consumer, event_id, source, seq)
SELECT $1, id, 'registry', seq FROM unnest($2::uuid[], $3::bigint[]) AS r(id, seq) ON CONFLICT DO NOTHING"""
_COLUMNS: Final = "id, version, scope, key, municipality, settlement, address"
_NEWEST: Final = """
ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version, scope = EXCLUDED.scope, key = EXCLUDED.key,
  municipality = EXCLUDED.municipality, settlement = EXCLUDED.settlement, address = EXCLUDED.address
WHERE t.version < EXCLUDED.version"""
_COPY: Final = f"""
INSERT INTO place AS t ({_COLUMNS}) SELECT {_COLUMNS} FROM json_populate_recordset(NULL::place, $1::json) {_NEWEST}"""
_COPY_COLUMNS: Final = f"""
INSERT INTO place AS t ({_COLUMNS})
SELECT id, version, string_to_array(scope, ','), key, municipality, settlement, address
  FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) AS r({_COLUMNS})
{_NEWEST}"""
_BATCH: Final = 2_000
_PORTION: Final = 250
"""Records read between two looks at the sockets: PostgreSQL is not kept waiting for the rest of a statement."""

Records = Sequence[ConsumerRecord[bytes, bytes]]
Rows = list[list[Any]]
Read = Callable[[Records], Rows]
Store = Callable[[asyncpg.Connection, str, Rows], Awaitable[Any]]


async def textbook(connection: Any, servers: str, *, ends: int) -> float:  # noqa: ANN401 - a pooled connection of asyncpg
    """Records a second, `ends` of them: inbox and copy in a transaction a batch, the offsets committed last."""
    return await _consume(_entities, _keep, connection, servers, ends=ends, ahead=False)


async def unchecked(connection: Any, servers: str, *, ends: int) -> float:  # noqa: ANN401 - a pooled connection of asyncpg
    """The same without an inbox, copied by columns, reading on while PostgreSQL works."""
    return await _consume(_columns, _copy, connection, servers, ends=ends, ahead=True)


async def _consume(
    read: Read, store: Store, connection: asyncpg.Connection, servers: str, *, ends: int, ahead: bool
) -> float:
    name = f"bench-{uuid4()}"
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=servers, group_id=name, auto_offset_reset="earliest", enable_auto_commit=False
    )

    async def stored(rows: list[Rows], offsets: dict[TopicPartition, int]) -> None:
        await store(connection, name, [list(chain(*column)) for column in zip(*rows, strict=True)])
        await consumer.commit(offsets)

    await consumer.start()
    try:
        started, already, seen = 0.0, 0, 0
        storing = asyncio.create_task(asyncio.sleep(0))
        while seen < ends:
            batches = await consumer.getmany(timeout_ms=500, max_records=_BATCH)
            records = [record for part in batches.values() for record in part]
            if not records:
                continue
            rows = []
            for at in range(0, len(records), _PORTION):
                rows.append(read(records[at : at + _PORTION]))
                await asyncio.sleep(0)
            await storing
            storing = asyncio.create_task(stored(rows, {part: some[-1].offset + 1 for part, some in batches.items()}))
            seen += len(records)
            if not ahead or not already:
                await storing
            if not already:
                already, started = seen, time.perf_counter()
        await storing
        return (ends - already) / (time.perf_counter() - started)
    finally:
        await consumer.stop()


def _entities(records: Records) -> Rows:
    ids, seqs, rows = [], [], []
    for record in records:
        headers = dict(record.headers)
        ids.append(headers["ce_id"].decode())
        seqs.append(int(headers["ce_seq"]))
        data = json.loads(record.value or b"")
        rows.append(data["state"] | {"version": data["version"], "scope": data["scope"]})
    return [ids, seqs, rows]


async def _keep(connection: asyncpg.Connection, name: str, rows: Rows) -> None:
    ids, seqs, entities = rows
    async with connection.transaction():
        await connection.execute(_INBOX, name, ids, seqs)
        await connection.execute(_COPY, Json(json.dumps(entities, ensure_ascii=False)))


def _columns(records: Records) -> Rows:
    rows = []
    for record in records:
        data = from_json(record.value or b"")
        state, scope = data["state"], ",".join(data["scope"])
        place = state["key"], state["municipality"], state["settlement"], state["address"]
        rows.append((state["id"], data["version"], scope, *place))
    return list(map(list, zip(*rows, strict=True)))


async def _copy(connection: asyncpg.Connection, _: str, rows: Rows) -> None:
    await connection.execute(_COPY_COLUMNS, *rows)
