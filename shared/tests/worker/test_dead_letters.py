"""Parked records: listed, re-driven in order, discarded."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import pytest

from aksu_local.waiting import eventually
from aksu_local.worker_rig import Topic, copy_places, monitoring
from aksu_shared.bus import Delivered
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.places import PlaceEvent
from aksu_shared.worker import applying
from aksu_shared.worker.applying import Applied, Applier, read
from aksu_shared.worker.dead_letters import dead_letters, discard, redrive
from aksu_shared.worker.failure import BEHIND, DatabaseAway, Fault

FAULT = Fault("HANDLER_FAILED", "somewhere")


async def park(applier: Applier, *records: Delivered) -> None:
    """The first at fault, the others behind it."""
    for record in records:
        await applier.park(read(record), FAULT if record is records[0] else BEHIND)


async def effects(pool: asyncpg.Pool) -> list[tuple[str, int]]:
    return [tuple(row) for row in await pool.fetch("SELECT place, version FROM effect ORDER BY n")]


async def versions(topic: Topic, count: int) -> list[Delivered]:
    first = topic.record()
    return [first, *(topic.record(first.key, version=version) for version in range(2, count + 1))]


async def test_a_redrive_applies_the_whole_key_in_order_once_with_original_ids(monitoring_pool: asyncpg.Pool) -> None:
    topic = Topic()
    applier = monitoring(monitoring_pool)
    records = await versions(topic, 5)
    other = topic.record()
    await park(applier, *records)
    await park(applier, other)
    listed = await dead_letters(monitoring_pool)
    assert [letter.reason for letter in listed] == ["HANDLER_FAILED", *["BEHIND"] * 4, "HANDLER_FAILED"]

    done = await redrive(monitoring_pool, applier, [listed[2].id], by="operator")
    assert done.applied == [letter.id for letter in listed[:5]]
    assert not done.failed
    assert await effects(monitoring_pool) == [(records[0].key, version) for version in range(1, 6)]
    ids = await monitoring_pool.fetchval("SELECT array_agg(event_id::text ORDER BY seq) FROM inbox")
    assert ids == [record.headers["ce_id"] for record in records]
    assert [letter.id for letter in await dead_letters(monitoring_pool)] == [listed[5].id]
    redriven = (await dead_letters(monitoring_pool, state="REDRIVEN"))[0]
    assert redriven.resolved_by == "operator"

    assert not (await redrive(monitoring_pool, applier, [listed[2].id], by="operator")).applied
    assert await applier.apply([read(record) for record in records]) == Applied(repeated=5)
    assert await applier.apply([read(topic.record(records[0].key, version=6))]) == Applied(events=1)


async def test_a_redrive_stops_where_it_fails_again_and_keeps_what_worked(monitoring_pool: asyncpg.Pool) -> None:
    topic = Topic()
    applier = monitoring(monitoring_pool)
    first, _, third = await versions(topic, 3)
    poison = topic.record(first.key, version=2, address="poison")
    await park(applier, first, poison, third)
    ids = [letter.id for letter in await dead_letters(monitoring_pool)]
    done = await redrive(monitoring_pool, applier, ids, by="operator")
    assert done.applied == ids[:1]
    assert [(key, fault.reason) for key, fault in done.failed.items()] == [(ids[1], "HANDLER_FAILED")]
    assert await effects(monitoring_pool) == [(first.key, 1)]
    assert [letter.reason for letter in await dead_letters(monitoring_pool)] == ["HANDLER_FAILED", "BEHIND"]

    assert await discard(monitoring_pool, [ids[1]], by="operator", why="a test") == 1
    assert (await redrive(monitoring_pool, applier, ids, by="operator")).applied == ids[2:]
    assert await effects(monitoring_pool) == [(first.key, 1), (third.key, 3)]
    discarded = (await dead_letters(monitoring_pool, state="DISCARDED"))[0]
    assert (discarded.resolved_by, discarded.resolution) == ("operator", "a test")
    # A repeated delivery of what was given up is a repetition, not news.
    assert await applier.apply([read(poison)]) == Applied(repeated=1)


async def test_a_record_redriven_after_its_repetition_took_effect_has_none_again(
    monitoring_pool: asyncpg.Pool,
) -> None:
    record = Topic().record()
    applier = monitoring(monitoring_pool)
    await applier.apply([read(record)])
    async with monitoring_pool.acquire() as connection:  # as one who judged late did before it looked into the inbox
        await applying.park(connection, applier.name, [(read(record), FAULT)])
    letter = (await dead_letters(monitoring_pool))[0]
    assert (await redrive(monitoring_pool, applier, [letter.id], by="operator")).applied == [letter.id]
    assert await effects(monitoring_pool) == [(record.key, 1)]


async def test_an_undecodable_record_stays_parked_until_a_build_can_read_it(monitoring_pool: asyncpg.Pool) -> None:
    applier = monitoring(monitoring_pool)
    record = replace(Topic().record(), value=b"{")
    await applier.apply([read(record)])
    letter = (await dead_letters(monitoring_pool))[0]
    done = await redrive(monitoring_pool, applier, [letter.id], by="operator")
    assert done.failed[letter.id].reason == "BAD_JSON"
    assert (await dead_letters(monitoring_pool))[0].id == letter.id
    assert await discard(monitoring_pool, [letter.id, 999], by="operator", why="noise") == 1
    assert not await dead_letters(monitoring_pool)


@pytest.mark.parametrize("at", [1, 2])
async def test_what_arrives_during_a_redrive_of_its_key_waits_and_keeps_the_order(
    monitoring_pool: asyncpg.Pool, at: int
) -> None:
    redriving, go_on = asyncio.Event(), asyncio.Event()

    async def slow(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
        await copy_places(work, events)
        if events[0].version == at:
            redriving.set()
            await go_on.wait()

    topic = Topic()
    applier = monitoring(monitoring_pool, handlers={PlaceEvent: slow})
    first, second, third = await versions(topic, 3)
    await park(applier, first, second)
    ids = [letter.id for letter in await dead_letters(monitoring_pool)]
    driving = asyncio.create_task(redrive(monitoring_pool, applier, ids, by="operator"))
    await redriving.wait()
    arriving = asyncio.create_task(applier.apply([read(third)]))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    await eventually(lambda: monitoring_pool.fetchval(waiting))
    go_on.set()
    assert (await driving).applied == ids
    assert await arriving == Applied(events=1)
    assert await effects(monitoring_pool) == [(first.key, 1), (first.key, 2), (first.key, 3)]


async def test_a_long_key_is_redriven_in_portions_each_a_transaction(
    monitoring_pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aksu_shared.worker.dead_letters._PORTION", 2)
    applier = monitoring(monitoring_pool)
    await park(applier, *await versions(Topic(), 5))
    assert (await redrive(monitoring_pool, applier, [1], by="operator")).applied == [1, 2, 3, 4, 5]
    assert await monitoring_pool.fetchval("SELECT count(DISTINCT resolved_at) FROM dead_letter") == 3


async def test_every_key_that_stops_is_told_with_its_place(monitoring_pool: asyncpg.Pool) -> None:
    applier, topic = monitoring(monitoring_pool), Topic()
    await park(applier, topic.record(address="poison"))
    await park(applier, topic.record(address="poison"))
    done = await redrive(monitoring_pool, applier, [1, 2], by="operator")
    assert {letter: fault.reason for letter, fault in done.failed.items()} == dict.fromkeys((1, 2), "HANDLER_FAILED")
    for letter in await dead_letters(monitoring_pool):
        assert letter.detail == done.failed[letter.id].detail
        assert "copy_places" in (letter.detail or "")


@pytest.mark.parametrize("limit", [1, 2])
async def test_dead_letters_are_listed_page_by_page(monitoring_pool: asyncpg.Pool, limit: int) -> None:
    topic = Topic()
    await park(monitoring(monitoring_pool), *(topic.record() for _ in range(3)))
    seen: list[int] = []
    while page := await dead_letters(monitoring_pool, after=seen[-1] if seen else 0, limit=limit):
        seen += [letter.id for letter in page]
        assert len(page) <= limit
    assert len(seen) == 3
    assert seen == sorted(seen)


async def test_what_a_restored_owner_no_longer_knows_is_resolved_without_effect(monitoring_pool: asyncpg.Pool) -> None:
    applier = monitoring(monitoring_pool)
    lost, first, same = (Topic(epoch=epoch).record() for epoch in ("01", "02", "02"))
    await park(applier, first)
    assert (await redrive(monitoring_pool, applier, [1], by="operator")).applied == [1]  # of an owner not yet heard of
    await monitoring_pool.execute("INSERT INTO source_state (source, epoch) VALUES ('registry', '02')")
    await park(applier, lost)
    await park(applier, replace(same, offset=7))
    assert (await redrive(monitoring_pool, applier, [2, 3], by="operator")).applied == [2, 3]
    assert await effects(monitoring_pool) == [(first.key, 1), (same.key, 1)]


@pytest.mark.parametrize("away", ["serialization", "connection"])
async def test_a_redrive_that_meets_trouble_of_the_database_blames_no_record(
    monitoring_pool: asyncpg.Pool, away: str
) -> None:
    async def handler(work: UnitOfWork, _events: Sequence[PlaceEvent]) -> None:
        if away == "connection":
            await work.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        raise asyncpg.SerializationError("stand-in") if away == "serialization" else ValueError

    applier = monitoring(monitoring_pool, handlers={PlaceEvent: handler})
    await park(applier, Topic().record())
    with pytest.raises(asyncpg.SerializationError if away == "serialization" else DatabaseAway):
        await redrive(monitoring_pool, applier, [1], by="operator")
    assert [(letter.reason, letter.tries) for letter in await dead_letters(monitoring_pool)] == [("HANDLER_FAILED", 0)]
