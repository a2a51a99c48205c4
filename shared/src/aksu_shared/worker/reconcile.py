"""The copies a service keeps compared with their owners: by number, content and version.

It asks other services: that is what it is for. Asked for over HTTP (`operations.reconcile`), once a day by the worker,
and after a repaired record was replayed.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

import asyncpg
import structlog
from pydantic import Field

from aksu_shared.config.base import BaseConfig
from aksu_shared.db.digest import bucket_sql, comparable, digest_sql
from aksu_shared.events.base import Event
from aksu_shared.kernel.schemas.base import Resource
from aksu_shared.worker.copies import Copies, Copy
from aksu_shared.worker.failure import FeedUnavailable, database
from aksu_shared.worker.feed import FeedRestarted, Feeds, open_feeds
from aksu_shared.worker.loop import turns
from aksu_shared.worker.metrics import DIFFERING
from aksu_shared.worker.parts import Worker
from aksu_shared.worker.progress import pause

NAMED: Final = 100
"""Differing ids named for each copy."""
AGAIN: Final = 30.0
"""Seconds until what differs is looked at again: a change on its way has arrived by then."""
_VISIBLE: Final = "s.v IS NOT NULL"
_STATE: Final = """
SELECT coalesce((
  SELECT json_build_object('epoch', epoch, 'position', position) FROM source_state
   WHERE s.v IS NOT NULL AND source = $2), '{}'::json)"""
_REPLAYED: Final = """
SELECT clock_timestamp(), EXISTS (
  SELECT FROM dead_letter WHERE outcome = 'REPLAYED' AND confirmed_at IS NOT NULL AND resolved_at > $1)"""
_POLL: Final = 2.0
_FIRST: Final = 600.0
"""Seconds after its start at which a process compares first: workers may be started anew more than once a day."""

Ask: TypeAlias = Callable[..., Awaitable[Any]]
"""Asks this service's database: SQL of one JSON value, whose own parameters begin at `$2` and which tests `s.v`."""

log = structlog.get_logger(__name__)


class Side(Resource):
    """What one side holds. `position`: of the newest change it knows of its epoch."""

    count: int
    last_version: int
    hash: str
    epoch: str | None
    position: int | None


class Differing(Resource):
    """An id whose rows differ; the version is null where there is no row."""

    id: str
    here: int | None
    at_owner: int | None


class Reconciled(Resource):
    """One copy against its owner; `problem` says why it could not be compared."""

    source: str
    aggregate: str
    equal: bool | None
    here: Side
    at_owner: Side | None
    differing: list[Differing]
    more: bool = Field(description="whether more differ than are named")
    problem: str | None


class Reconciliation(Resource):
    """All copies."""

    equal: bool
    items: list[Reconciled]


def asking(pool: asyncpg.Pool) -> Ask:
    """Asks as the worker, which sees all rows."""

    async def ask(sql: str, *args: str) -> Any:  # noqa: ANN401 - any JSON value
        whole = f"WITH s AS (SELECT $1::text AS v) SELECT ({sql})::text FROM s"
        return json.loads(await pool.fetchval(whole, "all", *args))

    return ask


async def compare(ask: Ask, feeds: Feeds, copies: Copies) -> Reconciliation:
    """Compare every copy that holds whole aggregates with its owner."""
    whole = [(fact, copy) for fact, copy in copies.items() if not copy.applied_only]
    items = [await _compare(ask, feeds, fact, copy) for fact, copy in whole]
    return Reconciliation(equal=all(item.equal for item in items), items=items)


async def _compare(ask: Ask, feeds: Feeds, fact: type[Event[Any]], copy: Copy) -> Reconciled:
    fields = comparable(fact, copy.table.columns.keys())
    here = await ask(digest_sql(copy.name, fields, _VISIBLE))
    state = await ask(_STATE, fact.owner)
    mine = _side(here, epoch=state.get("epoch"), position=state.get("position"))
    path, query = f"/v1/digest/{fact.aggregate}", {"fields": ",".join(fields)}
    known: dict[str, Any] = {"source": fact.owner, "aggregate": fact.aggregate, "here": mine}
    try:
        theirs = await feeds.get(fact.owner, path, query)
        differing: list[Differing] = []
        for bucket in _other_buckets(here["buckets"], theirs["buckets"]):
            rows = await ask(bucket_sql(copy.name, fields, _VISIBLE, bucket="$2"), bucket)
            owners = await feeds.get(fact.owner, path, query | {"bucket": bucket})
            differing += _differing(rows, owners["rows"])
            if len(differing) > NAMED:
                break
    except (FeedUnavailable, FeedRestarted) as failure:
        return Reconciled(**known, equal=None, at_owner=None, differing=[], more=False, problem=str(failure))
    return Reconciled(
        **known,
        equal=here["hash"] == theirs["hash"],
        at_owner=_side(theirs, epoch=theirs["epoch"], position=theirs["position"]),
        differing=differing[:NAMED],
        more=len(differing) > NAMED,
        problem=None,
    )


def _side(told: Mapping[str, Any], *, epoch: str | None, position: int | None) -> Side:
    return Side(
        count=told["count"], last_version=told["last_version"], hash=told["hash"], epoch=epoch, position=position
    )


def _other_buckets(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    return sorted(bucket for bucket in {*here, *there} if here.get(bucket) != there.get(bucket))


def _differing(here: list[list[Any]], there: list[list[Any]]) -> list[Differing]:
    ours = {key: (version, digest) for key, version, digest in here}
    theirs = {key: (version, digest) for key, version, digest in there}
    ids = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
    return [Differing(id=key, here=_version(ours, key), at_owner=_version(theirs, key)) for key in ids]


def _version(rows: Mapping[str, tuple[int, str]], key: str) -> int | None:
    return rows[key][0] if key in rows else None


class Reconcile:
    """Compares in the process that leads: as often as configured, and after a repaired record was replayed.

    What differs twice, half a minute apart and in the same versions, is no change on its way. Then it is logged as an
    error, counted (`aksu_copies_differing`), and shown as a warning of the health page until the next comparison.
    """

    def __init__(self, worker: Worker, config: BaseConfig, copies: Copies, *, again: float = AGAIN) -> None:
        self._worker = worker
        self._config = config
        self._copies = copies
        self._again = again
        self._next = time.monotonic() + min(config.reconcile_seconds, _FIRST)
        self._since: datetime | None = None

    async def run(self) -> None:
        """Compare until stop."""
        await turns("reconcile", self._turn, stop=self._worker.stop, progress=self._worker.progress)

    async def _turn(self) -> None:
        if self._worker.leads and await self._is_due():
            self._next = time.monotonic() + self._config.reconcile_seconds
            comparing = asyncio.create_task(self._once())
            try:
                while not comparing.done() and not self._worker.stop.is_set():
                    self._worker.progress.turned("reconcile")
                    await asyncio.wait({comparing}, timeout=_POLL)
            finally:
                comparing.cancel()
            if comparing.done():
                comparing.result()
        self._worker.progress.turned("reconcile")
        await pause(self._worker.stop, _POLL)

    async def _is_due(self) -> bool:
        with database():
            now, repaired = await self._worker.pool.fetchrow(_REPLAYED, self._since)
        self._since = now
        return bool(repaired) or time.monotonic() >= self._next

    async def _once(self) -> None:
        with database():
            found = await self._compared()
            differing = _named(found)
            if differing:
                await pause(self._worker.stop, self._again)
                found = await self._compared()
                differing &= _named(found)
        unknown = [f"{item.source}.{item.aggregate}: {item.problem}" for item in found.items if item.problem]
        if unknown:
            log.error("copies_not_compared", copies=unknown)
        if differing:
            log.error("copies_differ", count=len(differing), first=sorted(map(str, differing))[:NAMED])
        elif not unknown:
            log.info("copies_compared", copies=len(found.items))
        DIFFERING.set(len(differing))
        self._worker.progress.warn("copies", _warning(len(differing), len(unknown)))

    async def _compared(self) -> Reconciliation:
        async with open_feeds(self._config) as feeds:
            return await compare(asking(self._worker.pool), feeds, self._copies)


def _named(found: Reconciliation) -> set[tuple[str, str, str, int | None, int | None]]:
    """What differs, with the versions on both sides."""
    return {
        (item.source, item.aggregate, each.id, each.here, each.at_owner)
        for item in found.items
        for each in item.differing
    }


def _warning(differing: int, unknown: int) -> str | None:
    if differing:
        return f"{differing} rows of copies differ from their owners: GET /v1/reconcile"
    return f"{unknown} copies could not be compared with their owners" if unknown else None
