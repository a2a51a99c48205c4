"""Copies made anew from their owner's change feed: the same as before, joined to the topics without gap or doubling."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from aksu_local.served import Serve, Served
from aksu_local.waiting import eventually
from aksu_local.worker_rig import Consuming, Log
from aksu_shared.bus import Bus, connect
from aksu_shared.db.notify import Notifier
from aksu_shared.kernel.clock import Clock
from aksu_shared.kernel.eik import random_eik
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.failure import FeedUnavailable
from aksu_shared.worker.feed import Feeds
from aksu_shared.worker.parts import WorkerParts
from aksu_shared.worker.rebuild import Rebuilder
from aksu_shared.worker.reconcile import Reconciliation, asking, compare

RNG = random.Random(1)  # noqa: S311 - the same numbers in each run
OFFICER: dict[str, Any] = {"role": "licensing_officer", "body": "AKSU"}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The registry, and a service that copies it."""

    registry: Served
    consumer: Served
    bus: Bus
    applier: Applier
    feeds: Feeds
    parts: WorkerParts

    async def provider(self, name: str = "Фондация Надежда") -> str:
        seat = {"seat_municipality": "BLG03", "seat_address": "ул. Първа 1"}
        body = {"eik": random_eik(RNG), "name": name, "legal_form": "NGO", **seat}
        answer = await self.registry.post("/v1/providers", body, **OFFICER)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def rename(self, provider: str, name: str, *, version: int) -> None:
        path = f"/v1/providers/{provider}"
        answer = await self.registry.patch(path, {"name": name, "reason": "проба"}, version=version, **OFFICER)
        assert answer.status_code == 200, answer.text

    def rebuilder(self) -> Rebuilder:
        return Rebuilder(
            url=self.consumer.urls.worker,
            applier=self.applier,
            feeds=self.feeds,
            handlers=self.parts.handlers,
            copies=self.parts.copies,
            on_rebuilt=self.parts.on_rebuilt,
        )

    async def reconciled(self) -> Reconciliation:
        copies = {fact: copy for fact, copy in self.parts.copies.items() if fact.owner == "registry"}
        return await compare(asking(self.consumer.worker), self.feeds, copies)

    async def equal(self) -> None:
        await eventually(self.reconciled, lambda found: found.equal, within=20, every=0.2)

    async def count(self, table: str) -> int:
        return int(await self.consumer.worker.fetchval(f"SELECT count(*) FROM {table}"))

    @asynccontextmanager
    async def consuming(self) -> AsyncIterator[None]:
        async with (
            Notifier(self.consumer.urls.worker) as notifier,
            Consuming(self.consumer.worker, self.bus, self.applier, notifier),
        ):
            yield


@pytest.fixture(params=["reporting", "licensing"])
async def pair(
    request: pytest.FixtureRequest, serve: Serve, fresh_bus: Callable[[], Awaitable[str]], tmp_path: Path
) -> AsyncIterator[Pair]:
    registry = await serve("registry")
    consumer = await serve(request.param)
    token = tmp_path / "token"
    token.write_text(registry.issuer.issue("service:reporting", roles=["integration"], body="AKSU"))
    config = consumer.config.model_copy(
        update={"feeds": {"registry": "http://registry.test"}, "feed_token_file": token}
    )
    parts: WorkerParts = import_module(f"aksu_{request.param}.worker").PARTS
    async with AsyncExitStack() as stack:
        transport = httpx.ASGITransport(app=registry.app, raise_app_exceptions=False)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, timeout=30))
        bus = await stack.enter_async_context(connect(await fresh_bus(), cursors=consumer.worker))
        notifier = await stack.enter_async_context(Notifier(registry.urls.worker))
        await stack.enter_async_context(Log(registry.urls, registry.worker, notifier, bus))
        applier = Applier(consumer.worker, service=request.param, handlers=parts.handlers, clock=Clock())
        yield Pair(
            registry=registry,
            consumer=consumer,
            bus=bus,
            applier=applier,
            feeds=Feeds(config, client),
            parts=parts,
        )


async def sequenced(pair: Pair) -> None:
    await eventually(
        lambda: pair.registry.worker.fetchval("SELECT count(*) = 0 FROM change_log WHERE position IS NULL")
    )


async def test_a_copy_that_was_lost_or_changed_is_as_its_owner_says_again(pair: Pair) -> None:
    ids = [await pair.provider() for _ in range(5)]
    async with pair.consuming():
        await pair.equal()
        await pair.consumer.worker.execute(f"DELETE FROM provider WHERE id = '{ids[0]}'")
        await pair.consumer.worker.execute(f"UPDATE provider SET name = 'Друго име' WHERE id = '{ids[1]}'")
        await pair.consumer.worker.execute(
            f'INSERT INTO provider SELECT (jsonb_populate_record(p, \'{{"id": "{uuid4()}"}}\')).* FROM provider p'
            f" WHERE id = '{ids[2]}'"
        )
        found = next(item for item in (await pair.reconciled()).items if item.aggregate == "provider")
        assert found.equal is False
        assert {each.id for each in found.differing} >= {ids[0], ids[1]}
        assert len(found.differing) == 3
        assert found.here.count == found.at_owner.count == 5  # type: ignore[union-attr]

        done = await pair.rebuilder().rebuild("registry")
        changed = done.copies["provider"]
        assert (changed.deleted, changed.amended, changed.added) == (1, 1, 1)
        assert (await pair.reconciled()).equal
        await pair.rename(ids[0], "След това", version=1)
        await pair.equal()
    assert await pair.count("dead_letter") == 0


async def test_without_any_record_on_the_topics_the_feed_is_enough_and_what_follows_is_joined(pair: Pair) -> None:
    """A new installation: the topics no longer hold what was told before it."""
    ids = [await pair.provider() for _ in range(3)]
    await sequenced(pair)
    done = await pair.rebuilder().rebuild("registry")
    assert done.copies["provider"].added == 3
    assert await pair.count("inbox") == done.events
    async with pair.consuming():  # delivers all of it again
        await pair.rename(ids[1], "След това", version=1)
        await pair.equal()
        assert await pair.count("inbox") == done.events + 1
    assert await pair.count("dead_letter") == 0


async def test_while_it_runs_writes_and_the_consumer_go_on_and_nothing_is_lost(pair: Pair) -> None:
    ids = [await pair.provider() for _ in range(10)]
    stop = asyncio.Event()

    async def write() -> None:
        version = 1
        while not stop.is_set():
            for each in ids:
                await pair.rename(each, f"Име {version}", version=version)
            await pair.provider()
            version += 1

    async with pair.consuming():
        writing = asyncio.create_task(write())
        try:
            for _ in range(4):
                await pair.rebuilder().rebuild("registry")
        finally:
            stop.set()
            await writing
        await pair.equal()
    assert await pair.count("dead_letter") == 0


async def test_a_partial_rebuild_leaves_the_other_copies_alone(pair: Pair) -> None:
    await pair.provider()
    async with pair.consuming():
        await pair.equal()
        await pair.consumer.worker.execute("UPDATE provider SET name = 'Друго име'")
        done = await pair.rebuilder().rebuild("registry", only=["service"])
        assert set(done.copies) == {"service"}
        assert not (await pair.reconciled()).equal
        await pair.rebuilder().rebuild("registry", only=["provider"])
        assert (await pair.reconciled()).equal


async def test_a_feed_that_hides_changes_or_lacks_its_beginning_rebuilds_nothing(pair: Pair, tmp_path: Path) -> None:
    await pair.provider()
    async with pair.consuming():
        await pair.equal()
    (tmp_path / "token").write_text("no token")
    with pytest.raises(FeedUnavailable, match="registry: HTTPStatusError"):
        await pair.rebuilder().rebuild("registry")
    token = pair.registry.issuer.issue("service:reporting", roles=["integration"], body="AKSU")
    (tmp_path / "token").write_text(token)
    await sequenced(pair)
    await _as_owner(pair.registry, "ALTER TABLE change_log NO FORCE ROW LEVEL SECURITY")
    await _as_owner(pair.registry, "DELETE FROM change_log WHERE position = 1")
    with pytest.raises(FeedUnavailable, match="begins at 2"):
        await pair.rebuilder().rebuild("registry")
    assert await pair.count("provider") == 1


async def _as_owner(served: Served, sql: str) -> None:
    connection = await asyncpg.connect(served.urls.owner)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
