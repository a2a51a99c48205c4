"""Everything the checker looks at, read raw: SQL as superuser on every database, and the records on the bus."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from aksu_local.databases import SERVICES
from torture.busread import Seen, read_bus
from torture.rig import Rig

OWNED: Final[Mapping[str, Sequence[str]]] = {
    "registry": ("territory", "body", "provider", "place", "service", "register_row"),
    "licensing": ("application", "conditions", "licence"),
    "monitoring": ("inspection", "finding", "prescription"),
    "reporting": (),
}
"""Service → its aggregates, each a table and a topic `aksu.<service>.<aggregate>.v1`."""
COPIES: Final[Mapping[str, Mapping[str, str]]] = {
    "licensing": {"provider": "registry", "service": "registry"},
    "monitoring": {"place": "registry", "service": "registry", "licence": "licensing"},
    "reporting": {
        **dict.fromkeys(("territory", "provider", "place", "service"), "registry"),
        **dict.fromkeys(("licence", "application"), "licensing"),
        **dict.fromkeys(("inspection", "finding", "prescription"), "monitoring"),
    },
}
"""Consumer → table of its copy → owner."""
CONSUMED: Final[Mapping[str, Sequence[str]]] = {
    "licensing": ("registry.service", "registry.provider", "registry.register_row"),
    "monitoring": ("registry.place", "registry.service", "licensing.licence"),
    "reporting": tuple(f"{service}.{name}" for service, names in OWNED.items() for name in names),
}
"""Consumer → aggregates whose topics it reads."""

# The chain as docs and `log verify` describe it, written down a second time.
_DIGEST: Final = """sha256(convert_to(json_build_array(
  seq, (extract(epoch FROM recorded_at) * 1000000)::bigint, event_id, type, topic, aggregate_id, version, scope,
  scope_before, (extract(epoch FROM legal_time) * 1000000)::bigint, actor, actor_body, reason, legal_basis,
  correlation_id, traceparent, cause, mac)::text || state::text || changed::text, 'UTF8'))"""
_LOG: Final = f"""
SELECT seq, position, event_id::text AS event_id, type, topic, aggregate_id, version, hash, {_DIGEST} AS digest,
       concat_ws(' ', reason,
         CASE WHEN version = 1 THEN concat_ws(' ', state->>'name', state->>'name_bg', state->>'address') END,
         CASE WHEN type LIKE '%granted%' THEN state->>'order_number' END) AS words,
       state->>'application_id' AS application_id
  FROM change_log ORDER BY seq"""
_READS: Final = """
SELECT position, hash, sha256(convert_to(json_build_array(
  seq, (extract(epoch FROM recorded_at) * 1000000)::bigint, actor, roles, body, action, request, objects, purpose,
  correlation_id, scope)::text, 'UTF8')) AS digest
  FROM read_log WHERE position IS NOT NULL ORDER BY position"""
MARK: Final = re.compile(r"[a-z0-9]+-\d{6}-[a-z-]+")


@dataclass(slots=True)
class Service:
    """One service's database."""

    log: list[asyncpg.Record]
    state: asyncpg.Record
    reads: list[asyncpg.Record]
    """The log of reads, as far as it has positions."""
    rows: dict[str, dict[str, int]]
    """Aggregate → id → version."""
    inbox: dict[str, Any]
    effects: list[asyncpg.Record]
    parked: set[str]
    """ids of events in dead letters, whatever became of them."""
    dead: list[asyncpg.Record]
    replies: dict[str, tuple[int, bytes]]
    """Idempotency key → status and body."""


@dataclass(slots=True)
class Snapshot:
    """The platform at rest."""

    services: dict[str, Service]
    bus: list[Seen]
    ingest: dict[tuple[str, str], asyncpg.Record]
    inspections: dict[tuple[str, str], asyncpg.Record]
    counters: dict[str, tuple[int, int]]
    """Counter → its value, and how many numbers were given."""
    copies: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Consumer → table → ids whose copy differs from the owner's row; prefixed by what is wrong."""

    def marks(self, service: str) -> dict[str, dict[str, int]]:
        """Operation → topic → rows of the change log that bear its name."""
        found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in self.services[service].log:
            for mark in set(MARK.findall(row["words"])):
                found[mark][row["topic"]] += 1
        return found


async def take(rig: Rig) -> Snapshot:
    """Read it all."""
    services = {service: await _service(rig, service) for service in SERVICES}
    async with _Database(rig, "monitoring") as monitoring, _Database(rig, "licensing") as licensing:
        ingest = await monitoring.fetch("SELECT source, event_id, subject, sequence, type, state FROM ingest_event")
        inspections = await monitoring.fetch(_INSPECTIONS)
        counters = await licensing.fetch(_COUNTERS)
    snapshot = Snapshot(
        services=services,
        bus=await read_bus(rig),
        ingest={(row["source"], row["event_id"]): row for row in ingest},
        inspections={(row["source"], row["reference"]): row for row in inspections},
        counters={row["name"]: (row["value"], row["given"]) for row in counters},
    )
    for consumer, tables in COPIES.items():
        snapshot.copies[consumer] = {
            table: await _differences(rig, consumer, table, of) for table, of in tables.items()
        }
    return snapshot


_INSPECTIONS: Final = """
SELECT source, reference, state,
       (SELECT count(*) FROM finding f WHERE f.inspection_id = i.id) AS findings,
       (SELECT count(*) FROM prescription p WHERE p.inspection_id = i.id) AS prescriptions
  FROM inspection i"""
_COUNTERS: Final = """
SELECT 'incoming' AS name, coalesce((SELECT value FROM counter WHERE name = 'incoming'), 0) AS value,
       (SELECT count(*) FROM application WHERE incoming_number IS NOT NULL) AS given
UNION ALL
SELECT 'licence', coalesce((SELECT value FROM counter WHERE name = 'licence'), 0), (SELECT count(*) FROM licence)"""


class _Database:
    """A superuser's connection to one database."""

    def __init__(self, rig: Rig, name: str) -> None:
        self._url = rig.platform.postgres.url(name)

    async def __aenter__(self) -> asyncpg.Connection:
        self._connection = await asyncpg.connect(self._url, command_timeout=300)
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()


async def _service(rig: Rig, service: str) -> Service:
    async with _Database(rig, service) as db:
        dead = await db.fetch(
            "SELECT consumer, topic, key, headers->>'ce_id' AS id, value, reason, state FROM dead_letter"
        )
        replies = await db.fetch("SELECT key, status, body FROM idempotency")
        return Service(
            log=await db.fetch(_LOG),
            state=await db.fetchrow("SELECT * FROM log_state"),
            reads=await db.fetch(_READS),
            rows={name: dict(await db.fetch(f"SELECT id::text, version FROM {name}")) for name in OWNED[service]},
            inbox=dict(await db.fetch("SELECT event_id::text, received_at FROM inbox")),
            effects=await db.fetch(
                "SELECT event_id::text AS event_id, topic, aggregate_id, version FROM torture_effect ORDER BY n"
            ),
            parked={row["id"] for row in dead if row["id"]},
            dead=dead,
            replies={row["key"]: (row["status"], row["body"]) for row in replies},
        )


async def _differences(rig: Rig, consumer: str, table: str, owner: str) -> list[str]:
    """Where the copy is not the owner's row, by id: lacks it, is behind, differs, or has no original."""
    async with _Database(rig, consumer) as here, _Database(rig, owner) as there:
        names = set(await _columns(here, table)) & set(await _columns(there, table))
        pairs = ", ".join(f"'{name}', {name}" for name in sorted(names))
        query = f"SELECT id::text, version, md5(jsonb_build_object({pairs})::text) AS content FROM {table}"
        copies = {row["id"]: row for row in await here.fetch(query)}
        originals = {row["id"]: row for row in await there.fetch(query)}
    said = [f"no original: {key}" for key in copies.keys() - originals.keys()]
    for key, row in originals.items():
        copy = copies.get(key)
        if copy is None:
            said.append(f"missing: {key}")
        elif copy["version"] != row["version"]:
            said.append(f"version {copy['version']} of {row['version']}: {key}")
        elif copy["content"] != row["content"]:
            said.append(f"differs: {key}")
    return said


async def _columns(db: asyncpg.Connection, table: str) -> list[str]:
    query = "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND column_name <> 'written_at'"
    return [row[0] for row in await db.fetch(query, table)]
