"""I8: what must not stay behind or shine through – sessions, locks, tasks, descriptors, scopes."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import psutil

from aksu_local.bench.load import request
from aksu_local.databases import SERVICES
from aksu_local.process import ProcessDied
from torture.findings import Findings
from torture.probe import PATH
from torture.rig import Rig
from torture.wire import Lost, Wire

_MORE: Final = 40
"""Descriptors and tasks a process may have more than a fresh one: pools filled to their size, kept-alive callers."""
_SESSIONS: Final = """
SELECT datname, application_name, state, pid FROM pg_stat_activity
 WHERE datname = ANY ($1) AND pid <> pg_backend_pid()
   AND (state = 'idle in transaction' OR state = 'active' AND now() - query_start > interval '10 s')"""
_LOCKS: Final = """
SELECT d.datname, count(*) AS held FROM pg_locks l JOIN pg_database d ON d.oid = l.database
 WHERE l.locktype = 'advisory' AND l.granted AND d.datname = ANY ($1) GROUP BY 1 HAVING count(*) > 1"""


@dataclass(slots=True)
class Baseline:
    """Descriptors of fresh processes, by `service-kind`."""

    descriptors: dict[str, int]


def baseline(rig: Rig) -> Baseline:
    """Taken when everything has just become ready."""
    found: dict[str, int] = {}
    for member in rig.members.values():
        found[member.name] = max(found.get(member.name, 0), psutil.Process(member.pid).num_fds())
    return Baseline(found)


async def check_leaks(rig: Rig, before: Baseline, findings: Findings) -> None:
    """Everything at rest."""
    await _check_server(rig, findings)
    for name, member in rig.members.items():
        try:
            count = psutil.Process(member.pid).num_fds()
        except (ProcessDied, psutil.NoSuchProcess):
            findings.add("I7", f"{name} does not run")
            continue
        if count > before.descriptors[member.name] + _MORE:
            findings.add("I8", f"{name} holds {count} descriptors, fresh {before.descriptors[member.name]}")
    for name, member in rig.members.items():
        if member.kind == "api":
            await _check_process(name, member.port, findings)


async def _check_server(rig: Rig, findings: Findings) -> None:
    """No transaction stays open; per service one log lease, on the embedded bus one lease per group."""
    connection = await asyncpg.connect(rig.platform.postgres.url())
    try:
        for _ in range(20):  # a beat or a poll may be under way at this moment
            stuck = await connection.fetch(_SESSIONS, [*SERVICES, "bus"])
            if not stuck:
                break
            await asyncio.sleep(0.5)
        locks = await connection.fetch(_LOCKS, list(SERVICES))
    finally:
        await connection.close()
    for row in stuck:
        findings.add("I8", f"session left open: {dict(row)}")
    for row in locks:
        findings.add("I8", f"{row['datname']}: {row['held']} advisory locks at rest")


async def _check_process(name: str, port: int, findings: Findings) -> None:
    wire = Wire()
    try:
        seen: dict[str, Any] = json.loads((await wire.ask(port, request("GET", PATH), within=10)).body)
    except Lost as failure:
        findings.add("I7", f"{name} does not answer: {failure}")
        return
    finally:
        wire.close()
    if seen["idle"] != seen["pool"]:
        findings.add("I8", f"{name}: {seen['pool'] - seen['idle']} connections of its pool are not back")
    if seen["tasks"] > _MORE:
        findings.add("I8", f"{name}: {seen['tasks']} tasks at rest")
    for scope in seen["scopes"]:
        findings.add("I8", f"{name}: a pooled connection keeps the scope {scope}")
