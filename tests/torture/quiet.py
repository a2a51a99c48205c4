"""I7: once faults have ended, everything must come to rest by itself within a minute."""

import asyncio
import time
from contextlib import suppress
from typing import Final

import asyncpg
from aiokafka.errors import KafkaError

from aksu_local.databases import SERVICES
from torture.busread import lags
from torture.findings import Findings
from torture.rig import Rig
from torture.snapshot import CONSUMED

LIMIT: Final = 60.0
_BACKLOG: Final = """
SELECT (SELECT count(*) FROM change_log WHERE position IS NULL) AS unsequenced, position - shipped AS unshipped
  FROM log_state"""
_PENDING: Final = "SELECT count(*) FROM ingest_event WHERE state = 'PENDING'"


async def comes_to_rest(rig: Rig, findings: Findings, *, within: float = LIMIT) -> float:
    """Wait for it, a minute at most by the promise; what is still not at rest then is found stuck. Seconds it took."""
    started = time.monotonic()
    still = ["not looked at yet"]
    while still and time.monotonic() - started < within:
        try:
            still = await _restless(rig)
        except (OSError, TimeoutError, asyncpg.PostgresError, KafkaError) as failure:
            still = [f"does not answer: {failure!r}"]
        if still:
            await asyncio.sleep(0.5)
    for what in still:
        findings.add("I7", what)
    return time.monotonic() - started


async def _restless(rig: Rig) -> list[str]:
    still = []
    for service in SERVICES:
        connection = await asyncpg.connect(rig.platform.postgres.url(service), timeout=5)
        try:
            row = await connection.fetchrow(_BACKLOG, timeout=10)
            pending = await connection.fetchval(_PENDING, timeout=10) if service == "monitoring" else 0
        finally:
            with suppress(OSError, TimeoutError):
                await connection.close(timeout=5)
        if row["unsequenced"] or row["unshipped"] or pending:
            still.append(f"{service}: {dict(row)}, {pending} pushed events not looked at")
    for consumer in CONSUMED:
        behind = await lags(rig, consumer)
        if behind:
            still.append(f"{consumer} lags: {behind}")
    return still
