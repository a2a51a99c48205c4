"""Consumers as a competent person writes them who promises less: nothing checked, nothing parked."""

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord
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

Records = Sequence[ConsumerRecord[bytes, bytes]]
Apply = Callable[[str, Records], Awaitable[None]]


async def textbook(connection: Any, servers: str, *, ends: int) -> float:  # noqa: ANN401 - a pooled connection of asyncpg
    """Records a second, `ends` of them: inbox and copy in a transaction a batch, the offsets committed last."""
    return await _consume(lambda name, records: _keep(connection, name, records), servers, ends=ends)


async def least(connection: Any, servers: str, *, ends: int) -> float:  # noqa: ANN401 - a pooled connection of asyncpg
    """The same without an inbox and in the fastest forms known: about what no consumer here could surpass."""
    return await _consume(lambda _, records: _copy(connection, records), servers, ends=ends)


async def _consume(apply: Apply, servers: str, *, ends: int) -> float:
    name = f"bench-{uuid4()}"
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=servers, group_id=name, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        started, already, seen = 0.0, 0, 0
        while seen < ends:
            batches = await consumer.getmany(timeout_ms=500, max_records=_BATCH)
            records = [record for part in batches.values() for record in part]
            if not records:
                continue
            await apply(name, records)
            await consumer.commit()
            seen += len(records)
            if not already:
                already, started = seen, time.perf_counter()
        return (ends - already) / (time.perf_counter() - started)
    finally:
        await consumer.stop()


async def _keep(connection: asyncpg.Connection, name: str, records: Records) -> None:
    ids, seqs, rows = [], [], []
    for record in records:
        headers = dict(record.headers)
        ids.append(headers["ce_id"].decode())
        seqs.append(int(headers["ce_seq"]))
        data = json.loads(record.value or b"")
        rows.append(data["state"] | {"version": data["version"], "scope": data["scope"]})
    async with connection.transaction():
        await connection.execute(_INBOX, name, ids, seqs)
        await connection.execute(_COPY, Json(json.dumps(rows, ensure_ascii=False)))


async def _copy(connection: asyncpg.Connection, records: Records) -> None:
    rows = []
    for record in records:
        data = from_json(record.value or b"")
        state, scope = data["state"], ",".join(data["scope"])
        place = state["key"], state["municipality"], state["settlement"], state["address"]
        rows.append((state["id"], data["version"], scope, *place))
    await connection.execute(_COPY_COLUMNS, *map(list, zip(*rows, strict=True)))
