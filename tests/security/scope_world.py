"""Random objects that move, in the tables, change logs and copies of three services; and every door that shows them."""

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import httpx
import reporting_builders as facts
from hypothesis import strategies as st
from oracle import Caller, granted, keys_of, public_row, restricted_row
from sqlalchemy import Table

from aksu_licensing.applications.tables import ApplicationTable
from aksu_local.served import SCHEMAS, Served, config_of
from aksu_local.templates import Databases
from aksu_monitoring.inspections.tables import FindingTable, InspectionTable
from aksu_monitoring.prescriptions.tables import PrescriptionTable
from aksu_monitoring.signals.tables import SignalTable
from aksu_reporting.read_models.service import READ_MODELS
from aksu_shared.auth.issuer import DevelopmentIssuer
from aksu_shared.db.fitness import scoped_tables
from aksu_shared.db.pool import create_pool
from aksu_shared.db.projection import project
from aksu_shared.db.store import Kept
from aksu_shared.db.work import Actor, UnitOfWork
from aksu_shared.events.base import Event
from aksu_shared.events.licensing.applications import ApplicationAdvanced
from aksu_shared.events.monitoring.inspections import FindingAmended, InspectionAmended
from aksu_shared.events.monitoring.prescriptions import PrescriptionAdvanced
from aksu_shared.events.monitoring.signals import SignalTriaged
from aksu_shared.kernel.clock import Clock
from aksu_shared.privacy.keys import DEVELOPMENT
from aksu_shared.privacy.people import Person
from aksu_shared.privacy.store import SubjectStore

MUNICIPALITIES: Final = ("BLG03", "BLG01", "SOF46", "VAR06")
PROVIDERS: Final = ("PROVIDER:130007884", "PROVIDER:175229303")
KINDS: Final = {
    "licensing": ("application",),
    "monitoring": ("inspection", "finding", "prescription", "signal"),
    "reporting": ("service", "application", "inspection", "finding", "prescription"),
}
PERSON: Final = "signal.signaller"
_MOVED: Final[dict[str, type[Event[Any]]]] = {
    "application": ApplicationAdvanced, "inspection": InspectionAmended, "finding": FindingAmended,
    "prescription": PrescriptionAdvanced, "signal": SignalTriaged,
}  # fmt: skip
_TABLES: Final[dict[str, Any]] = {
    "application": ApplicationTable, "inspection": InspectionTable, "finding": FindingTable,
    "prescription": PrescriptionTable, "signal": SignalTable,
}  # fmt: skip
_COPIES: Final = {fact.aggregate: table for fact, table in READ_MODELS.items()}

_READ_UNDER: Final = {
    "application": "licensing.application.read", "inspection": "monitoring.inspection.read",
    "finding": "monitoring.inspection.read", "prescription": "monitoring.prescription.read",
    "signal": "monitoring.signal.read", "service": "registry.service.read",
}  # fmt: skip
"""Whose lists show an object, written down anew."""

Keys = frozenset[str]


@dataclass(frozen=True)
class Life:
    """One object: of which kind, and by which keys it was seen, one set after the other."""

    kind: str
    id: str
    keys: tuple[Keys, ...]


@dataclass(frozen=True)
class Change:
    """One row of the change log, as the feed may tell it."""

    subject: str
    right: str
    version: int
    keys: Keys
    before: Keys


def _keys() -> st.SearchStrategy[Keys]:
    where, whose = st.sampled_from(MUNICIPALITIES), st.sampled_from((None, *PROVIDERS))
    among = st.builds(lambda owner, town: frozenset({"b:AKSU", f"b:{owner}", f"b:MUNICIPALITY:{town}"}),
                      st.sampled_from(PROVIDERS), where)  # fmt: skip
    return st.one_of(st.builds(public_row, where, whose), st.builds(restricted_row, where, whose), among)


def lives(service: str) -> st.SearchStrategy[list[Life]]:
    """Up to a dozen objects of a service, each moved up to twice."""
    kinds = st.sampled_from(KINDS[service])
    moves = st.lists(_keys(), min_size=1, max_size=3).map(tuple)
    return st.lists(st.builds(lambda kind, keys: Life(kind, str(uuid4()), keys), kinds, moves), max_size=12)


@dataclass
class Rig:
    """One running service and the means to fill it; `bound` by row-level security, or by its statements alone."""

    served: Served
    bound: bool
    owner: "asyncpg.Connection[Any]"
    runtime: "asyncpg.Pool[Any]"

    async def fill(self, objects: Sequence[Life]) -> list[Change]:
        """Start from nothing; give the change log that results."""
        people = ["subject_key", "personal_data"] if "signal" in KINDS[self.served.service] else []
        tables = ", ".join([*KINDS[self.served.service], *people, "change_log", "read_log"])
        await self.owner.execute(f"TRUNCATE {tables} RESTART IDENTITY")
        told = [_facts(each) for each in objects]
        turns = [fact for turn in range(3) for history in told for fact in history[turn : turn + 1]]
        async with self.served.worker.acquire() as connection, connection.transaction():
            await self._write(connection, turns)
        await self.served.worker.execute("UPDATE change_log SET position = seq")
        await self.served.worker.execute(
            "UPDATE log_state SET position = (SELECT coalesce(max(seq), 0) FROM change_log)"
        )
        return [
            Change(f.id, _READ_UNDER[f.aggregate], f.version, frozenset(f.scope), frozenset(f.scope_before or ()))
            for f in turns
        ]

    async def _write(self, connection: Any, told: Sequence[Event[Any]]) -> None:
        if self.served.service == "reporting":
            for fact in told:
                await project(connection, _COPIES[fact.aggregate], [fact])
            return
        work = UnitOfWork(connection=connection, actor=Actor(subject="test"), clock=Clock(),
                          source=self.served.service, begun=True, sees_all=True)  # fmt: skip
        for fact in told:
            work.record(_table(fact.aggregate), fact, **_BESIDE.get(fact.aggregate, dict)())
        await work.flush()
        await self._tell_of_people(work, [fact for fact in told if fact.aggregate == "signal"])

    async def _tell_of_people(self, work: UnitOfWork, told: Sequence[Event[Any]]) -> None:
        """A person for each signal, under the same id, who moves with it."""
        store = SubjectStore(work, DEVELOPMENT)
        for fact in told:
            key = UUID(fact.id)
            if fact.version == 1:
                person = Person(subject=key, kind=PERSON, row=key, fields={"text": fact.id}, scope=tuple(fact.scope))
                await store.add([person])
            await store.rescope(key, tuple(fact.scope))

    async def seen_by_sql(self, table: str, keys: Keys) -> set[str]:
        """What the runtime role sees with these keys, whatever code may ask."""
        async with self.runtime.acquire() as connection, connection.transaction():
            await connection.execute("SELECT set_config('app.scope', $1, true)", ",".join(sorted(keys)))
            return {str(row["id"]) for row in await connection.fetch(f"SELECT id FROM {table}")}

    async def without_setting(self, table: str) -> int:
        """Rows that the runtime role sees before anybody said who asks."""
        return int(await self.runtime.fetchval(f"SELECT count(*) FROM {table}"))

    async def get(self, path: str, caller: Caller, accept: str = "application/json") -> httpx.Response:
        """Ask as that caller."""
        headers = self.served.headers(caller.role, caller.body) if caller.role else {}
        return await self.served.client.get(path, headers=headers | {"Accept": accept})

    async def listed(self, path: str, caller: Caller) -> list[str] | None:
        """Ids of a whole list, read page by page; None when it is refused."""
        found: list[str] = []
        cursor = ""
        while True:
            mark = "&" if "?" in path else "?"
            answer = await self.get(f"{path}{mark}limit=3{cursor}", caller)
            if answer.status_code in {401, 403}:
                return None
            page = answer.json()
            found += [item["id"] for item in page["items"]]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    async def exported(self, path: str, caller: Caller) -> tuple[set[str], set[str]]:
        """Ids in the NDJSON and in the CSV of a list."""
        lines = (await self.get(path, caller, "application/x-ndjson")).text.splitlines()
        text = (await self.get(path, caller, "text/csv")).content.decode("utf-8-sig")
        return {json.loads(line)["id"] for line in lines}, {row["id"] for row in csv.DictReader(io.StringIO(text))}

    async def feed(self, caller: Caller) -> list[tuple[str, int | None]]:
        """(object, version told or None for a tombstone) of every change the feed shows."""
        after, told = "0", list[tuple[str, int | None]]()
        while True:
            page = (await self.get(f"/v1/changes?after={after}&limit=4", caller)).json()
            told += [(e["subject"], e["data"]["version"] if e.get("data") else None) for e in page["items"]]
            if not page["items"] or page["next"] == after:
                return told
            after = page["next"]


def expected_feed(changes: Sequence[Change], caller: Caller) -> list[tuple[str, int | None]]:
    """What the feed must show: changes in scope with data, those that left it without."""
    keys = frozenset(keys_of(caller))
    follows = caller.body == "AKSU" and bool(granted(caller, "platform.change.follow"))
    if follows:  # the platform's own services
        keys |= {"BG", "b:AKSU"}
    return [
        (change.subject, change.version if change.keys & keys else None)
        for change in changes
        if (change.keys | change.before) & keys and (follows or granted(caller, change.right))
    ]


def _facts(life: Life) -> list[Event[Any]]:
    """The object's history."""
    first = replace(getattr(facts, life.kind)(id=life.id, **_UNIQUE.get(life.kind, dict)()), scope=tuple(life.keys[0]))
    history: list[Event[Any]] = [first]
    for keys in life.keys[1:]:
        before = history[-1]
        kept = Kept(before.id, before.version, before.scope, before.state)
        kind = _MOVED.get(life.kind, type(before))
        history.append(kept.becomes(kind, scope=tuple(keys)))
    return history


_UNIQUE: Final[dict[str, Any]] = {
    "inspection": lambda: {"reference": str(uuid4())},
    "finding": lambda: {"criterion": str(uuid4())},
    "prescription": lambda: {"reference": str(uuid4())},
}


_numbers = count(1)
_BESIDE: Final[dict[str, Any]] = {"finding": lambda: {"number": next(_numbers)}}
"""Columns of a row that are not part of its public state."""


def _table(aggregate: str) -> Table:
    table: Table = _TABLES[aggregate].__table__
    return table


async def unbind(owner: "asyncpg.Connection[Any]") -> None:
    """Switch row-level security off under a running service: what is hidden then, its statements hide."""
    for table in await scoped_tables(owner):
        await owner.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")


@asynccontextmanager
async def rig_of(
    service: str, databases: Databases, issuer: DevelopmentIssuer, folder: Path, *, bound: bool
) -> AsyncIterator[Rig]:
    """The service over a database of its own, for many examples."""
    urls = await databases.service(service, prepare=SCHEMAS[service])
    config = config_of(service, urls, issuer, folder / "clock")
    app = import_module(f"aksu_{service}.main").create(config)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x.test") as client,
        await create_pool(urls.worker, application="test", size=2) as worker,
        await create_pool(urls.runtime, application="test", size=1) as runtime,
    ):
        owner = await asyncpg.connect(urls.owner)
        if not bound:
            await unbind(owner)
        try:
            yield Rig(
                Served(service=service, app=app, client=client, worker=worker, urls=urls, config=config,
                       issuer=issuer, clock_file=folder / "clock"),
                bound,
                owner,
                runtime,
            )  # fmt: skip
        finally:
            await owner.close()
