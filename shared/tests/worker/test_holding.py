"""A change that no process of the service signed gets no position, and says so; what is sound goes on."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from uuid_utils.compat import uuid7

from aksu_local.changes import change, insert_changes
from aksu_local.databases import ServiceUrls
from aksu_local.templates import Databases
from aksu_local.waiting import eventually
from aksu_local.worker_rig import SCOPE, TOPIC, Log, Registry
from aksu_shared.db.log_keys import LogKeys
from aksu_shared.db.notify import Notifier
from aksu_shared.events.registry.access import AccessRevoked
from aksu_shared.events.registry.places import PlaceRegistered
from aksu_shared.kernel.errors import NotFound
from aksu_shared.worker.beat import all_sent
from aksu_shared.worker.holding import held, set_aside
from aksu_shared.worker.verify import verify

NEW = LogKeys.parse("new:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")


@pytest_asyncio.fixture
async def owner(registry_urls: ServiceUrls, databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who may do anything to the database, and has no key."""
    connection = await asyncpg.connect(databases.server.url(registry_urls.database))
    yield connection
    await connection.close()


def told(**columns: Any) -> dict[str, Any]:
    """A change of a place, signed by the registry unless something is changed afterwards."""
    given: dict[str, Any] = {
        "type": PlaceRegistered.type, "topic": TOPIC, "aggregate_id": str(uuid7()), "version": 1, "state": {},
        "scope": list(SCOPE), **columns,
    }  # fmt: skip
    return change("registry", **given)


async def warned(log: Log) -> bool:
    return "log" in log.health.warnings


async def numbered(registry: Registry) -> list[str]:
    rows = await registry.pool.fetch("SELECT aggregate_id FROM change_log WHERE position IS NOT NULL ORDER BY position")
    return [row["aggregate_id"] for row in rows]


async def reasons(registry: Registry) -> list[str]:
    return [each.reason for each in await held(registry.pool)]


@pytest.mark.parametrize(
    "edit",
    [
        "state = '{\"address\": \"elsewhere\"}'", "state = (' ' || state::text)::json", "changed = '{}'",
        "scope = '{public}'", "scope_before = '{public}'", "actor = 'x'", "actor_body = 'AKSU'", "reason = 'x'",
        "legal_basis = 'x'", "legal_time = legal_time + interval '1 microsecond'", "version = 7", "type = 'x'",
        "topic = 'x'", "aggregate_id = 'x'", "correlation_id = 'x'", "traceparent = 'x'", "cause = event_id",
        "event_id = gen_random_uuid()", "mac = 'development:' || repeat('0', 64)",
    ],
)  # fmt: skip
async def test_a_row_edited_before_it_is_numbered_is_held_and_others_go_on(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, owner: asyncpg.Connection, edit: str
) -> None:
    await registry.register()
    await owner.execute(f"UPDATE change_log SET {edit}")
    good = await registry.register()
    async with Log(registry_urls, registry.pool, notifier) as log:
        await eventually(lambda: numbered(registry), lambda seen: seen == [good])
        await eventually(lambda: reasons(registry), lambda seen: seen == ["WRONG_MAC"])
        await eventually(lambda: warned(log))
    assert (await log.health.ready())[0]


async def test_what_the_holder_of_the_runtime_role_adds_is_held(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier
) -> None:
    runtime = await asyncpg.connect(registry_urls.runtime)
    forged = told() | {"mac": None}
    moved = change("licensing", **{name: value for name, value in told().items() if name not in {"mac", "event_id"}})
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runtime.execute("INSERT INTO change_log (position, type) VALUES (1, 'x')")
    await insert_changes(registry.pool, [forged, moved, told() | {"mac": f"other:{'0' * 64}"}])
    await runtime.close()
    async with Log(registry_urls, registry.pool, notifier):
        await eventually(lambda: reasons(registry), lambda seen: seen == ["NO_MAC", "WRONG_MAC", "UNKNOWN_KEY"])
    assert await numbered(registry) == []


async def test_what_follows_a_held_change_of_an_aggregate_waits_until_that_one_is_set_aside(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, owner: asyncpg.Connection
) -> None:
    key = await registry.register()
    await owner.execute("UPDATE change_log SET actor = 'x'")
    await registry.amend(key, address="ул. Втора 2")
    async with Log(registry_urls, registry.pool, notifier):
        await eventually(lambda: reasons(registry), lambda seen: seen == ["WRONG_MAC", "BEHIND"])
        await registry.amend(key, address="ул. Трета 3")
        other = await registry.register()
        await eventually(lambda: numbered(registry), lambda seen: seen == [other])
        await eventually(lambda: reasons(registry), lambda seen: seen == ["WRONG_MAC", "BEHIND", "BEHIND"])
        first, second, _ = await held(registry.pool)
        with pytest.raises(NotFound):
            await set_aside(registry.pool, second.seq, by="operator", why="only behind")
        assert await set_aside(registry.pool, first.seq, by="operator", why="forged") == 2
        await registry.register()
        await eventually(lambda: numbered(registry), lambda seen: seen[:3] == [other, key, key])
    (left,) = await held(registry.pool)
    assert (left.seq, left.set_aside_by, left.set_aside_reason) == (first.seq, "operator", "forged")
    assert (await verify(registry.pool)).ok


@pytest.mark.parametrize("topic", [TOPIC, AccessRevoked.topic])
async def test_the_registry_beats_on_unless_what_is_held_is_about_access(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier, owner: asyncpg.Connection, topic: str
) -> None:
    await insert_changes(registry.pool, [told(topic=topic) | {"mac": None}])
    await owner.execute("UPDATE change_log SET recorded_at = now() - interval '6 seconds'")
    assert not await all_sent(registry.pool)
    async with Log(registry_urls, registry.pool, notifier):
        await eventually(lambda: reasons(registry), lambda seen: seen == ["NO_MAC"])
    assert await all_sent(registry.pool) == (topic != AccessRevoked.topic)
    (held_one,) = await held(registry.pool)
    await set_aside(registry.pool, held_one.seq, by="operator", why="forged")
    assert await all_sent(registry.pool)


async def test_a_change_signed_with_a_key_that_becomes_known_is_numbered_after_all(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier
) -> None:
    key = await registry.register(log_keys=NEW)
    async with Log(registry_urls, registry.pool, notifier):
        await eventually(lambda: reasons(registry), lambda seen: seen == ["UNKNOWN_KEY"])
    async with Log(registry_urls, registry.pool, notifier, keys=NEW):
        await eventually(lambda: numbered(registry), lambda seen: seen == [key])
    assert await reasons(registry) == []
