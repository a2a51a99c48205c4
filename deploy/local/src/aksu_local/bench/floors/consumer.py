"""A consumer as a competent person writes it who promises less: no envelope checked, no strict JSON, nothing parked."""

import json
import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from aksu_local.worker_rig import TOPIC
from aksu_shared.db.pool import Json

_INBOX: Final = """
INSERT INTO inbox (consumer, event_id, source, seq)
SELECT $1, id, 'registry', seq FROM unnest($2::uuid[], $3::bigint[]) AS r(id, seq) ON CONFLICT DO NOTHING"""
_COLUMNS: Final = "id, version, scope, key, municipality, settlement, address"
_COPY: Final = f"""
INSERT INTO place AS t ({_COLUMNS}) SELECT {_COLUMNS} FROM json_populate_recordset(NULL::place, $1::json)
ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version, scope = EXCLUDED.scope, key = EXCLUDED.key,
  municipality = EXCLUDED.municipality, settlement = EXCLUDED.settlement, address = EXCLUDED.address
WHERE t.version < EXCLUDED.version"""
_BATCH: Final = 2_000

Records = Sequence[ConsumerRecord[bytes, bytes]]


async def consume(connection: Any, servers: str, *, ends: int) -> float:  # noqa: ANN401 - a pooled connection of asyncpg
    """Records a second, `ends` of them: inbox and copy in a transaction a batch, the offsets committed last."""
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
            await _apply(connection, name, records)
            await consumer.commit()
            seen += len(records)
            if not already:
                already, started = seen, time.perf_counter()
        return (ends - already) / (time.perf_counter() - started)
    finally:
        await consumer.stop()


async def _apply(connection: asyncpg.Connection, name: str, records: Records) -> None:
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
