"""The inbox and the dead letters beside it, one rule of their statements at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import asyncpg
import pytest

from aksu_local.waiting import eventually
from aksu_local.worker_rig import Topic, monitoring
from aksu_shared.bus import Delivered
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.places import PlaceEvent
from aksu_shared.worker.applying import REBUILD_LOCK, Applied, Item, read
from aksu_shared.worker.dead_letters import dead_letters, discard, redrive
from aksu_shared.worker.failure import Fault, HandlerTimeout, SourceRestored

FAULT: Final = Fault("HANDLER_FAILED", "somewhere")
WAITING: Final = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
"""How many wait for a lock in this test's database; the server is shared."""


def bad(record: Delivered) -> Delivered:
    return replace(record, value=b"{")


async def parked(pool: asyncpg.Pool) -> list[tuple[str, str]]:
    rows = await pool.fetch("SELECT consumer, reason FROM dead_letter WHERE state = 'PARKED' ORDER BY id")
    return [tuple(row) for row in rows]


async def inbox(pool: asyncpg.Pool) -> Sequence[Any]:
    return [tuple(row) for row in await pool.fetch("SELECT consumer, event_id::text FROM inbox ORDER BY 1, 2")]


async def wanted(pool: asyncpg.Pool) -> dict[str, str | None]:
    return dict(await pool.fetch("SELECT source, wanted_epoch FROM source_state"))


async def test_what_another_consumer_met_counts_for_that_one_only(monitoring_pool: asyncpg.Pool) -> None:
    mine, other = monitoring(monitoring_pool), monitoring(monitoring_pool, name="other")
    topic = Topic()
    first = topic.record()
    await other.apply([read(bad(topic.record(first.key)))])
    assert await mine.apply([read(first)]) == Applied(events=1, changes=1)  # parked there, not here

    second, broken = topic.record(), bad(topic.record())
    await other.apply([read(second)])
    await other.apply([read(broken)])
    await discard(monitoring_pool, [2], by="operator", why="a test")
    assert await mine.apply([read(broken)]) == Applied(parked=1)  # given up there, not here
    await mine.apply([read(bad(topic.record(second.key)))])
    assert await mine.apply([read(second)]) == Applied(parked=1)  # applied there, waits its turn here


async def test_a_key_is_parked_in_its_own_topic_only(monitoring_pool: asyncpg.Pool) -> None:
    applier, topic = monitoring(monitoring_pool), Topic()
    record = topic.record()
    await applier.park(read(replace(bad(record), topic="aksu.registry.provider.v1")), FAULT)
    assert await applier.apply([read(record)]) == Applied(events=1, changes=1)


async def test_what_was_applied_before_its_key_was_parked_is_not_parked(monitoring_pool: asyncpg.Pool) -> None:
    applier, topic = monitoring(monitoring_pool), Topic()
    first = topic.record()
    await applier.apply([read(first)])
    await applier.apply([read(bad(topic.record(first.key)))])
    assert await applier.apply([read(first)]) == Applied(repeated=1)
    assert len(await parked(monitoring_pool)) == 1


async def test_what_has_taken_effect_is_not_parked_by_one_who_judges_late(monitoring_pool: asyncpg.Pool) -> None:
    going, applied = asyncio.Event(), asyncio.Event()

    async def handler(_work: UnitOfWork, _events: Sequence[PlaceEvent]) -> None:
        going.set()
        await applied.wait()

    record = read(Topic().record())
    other = monitoring(monitoring_pool, handlers={PlaceEvent: handler})
    applying = asyncio.create_task(other.apply([record]))
    await going.wait()
    parking = asyncio.create_task(monitoring(monitoring_pool).park(record, FAULT))
    await eventually(lambda: monitoring_pool.fetchval(WAITING), lambda seen: seen == 1)
    applied.set()
    assert await applying == Applied(events=1)
    assert not await parking
    assert await parked(monitoring_pool) == []


async def test_the_lost_future_of_a_restored_source_is_neither_applied_nor_parked(
    monitoring_pool: asyncpg.Pool,
) -> None:
    applier, before, after = monitoring(monitoring_pool), Topic(epoch="e1"), Topic(epoch="e2")
    first = after.record()
    await applier.apply([read(after.record())])
    await applier.apply([read(bad(first))])
    assert await applier.apply([read(before.record()), read(before.record(first.key))]) == Applied(repeated=2)
    assert len(await parked(monitoring_pool)) == 1
    assert len(await inbox(monitoring_pool)) == 1


async def test_the_newest_epoch_of_each_restored_source_is_asked_for_and_no_other_source_s(
    monitoring_pool: asyncpg.Pool,
) -> None:
    applier = monitoring(monitoring_pool)
    await applier.apply([read(Topic(epoch="e1").record())])
    await monitoring_pool.execute("INSERT INTO source_state (source, epoch) VALUES ('licensing', 'e1')")
    for epoch in ("e3", "e2"):
        known, new = read(Topic(epoch="e1").record()), read(Topic(epoch=epoch).record())
        with pytest.raises(SourceRestored) as caught:
            await applier.apply([known, told_by(new, "licensing")])
        assert caught.value.epochs == {"registry": "e1", "licensing": epoch}
        assert await wanted(monitoring_pool) == {"registry": None, "licensing": "e3"}


def told_by(item: Item, source: str) -> Item:
    assert item.event is not None
    assert item.event.meta is not None
    return Item(item.record, replace(item.event, meta=replace(item.event.meta, source=source)))


async def test_no_record_is_applied_while_a_rebuilt_copy_is_put_in_its_place(monitoring_pool: asyncpg.Pool) -> None:
    async with monitoring_pool.acquire() as rebuilding:
        async with rebuilding.transaction():
            await rebuilding.execute("SELECT pg_advisory_xact_lock($1)", REBUILD_LOCK)
            applying = asyncio.create_task(monitoring(monitoring_pool).apply([read(Topic().record())]))
            await eventually(lambda: monitoring_pool.fetchval(WAITING))
            assert not applying.done()
        assert await applying == Applied(events=1, changes=1)


@pytest.mark.parametrize(
    "other",
    [{"value": b"["}, {"key": "another"}, {"topic": "aksu.registry.provider.v1"}, {"headers": {}}],
    ids=lambda other: next(iter(other)),
)
async def test_a_record_at_fault_that_differs_in_anything_is_parked_beside_the_first(
    monitoring_pool: asyncpg.Pool, other: dict[str, Any]
) -> None:
    applier, record = monitoring(monitoring_pool), bad(Topic().record())
    await applier.apply([read(record)])
    await applier.apply([read(replace(record, offset=2, **other))])
    assert len(await parked(monitoring_pool)) == 2
    await applier.apply([read(replace(record, offset=3))])
    assert len(await parked(monitoring_pool)) == 2


async def test_of_a_batch_that_is_partly_known_the_rest_alone_is_applied(monitoring_pool: asyncpg.Pool) -> None:
    applier, topic = monitoring(monitoring_pool), Topic()
    first, second = read(topic.record()), read(topic.record())
    await applier.apply([first])
    assert await applier.apply([first, second, second]) == Applied(events=1, repeated=2, changes=1)


async def test_beside_a_record_at_fault_the_others_are_applied(monitoring_pool: asyncpg.Pool) -> None:
    topic = Topic()
    items = [read(bad(topic.record())), read(topic.record())]
    assert await monitoring(monitoring_pool).apply(items) == Applied(events=1, parked=1, changes=1)


async def test_each_event_of_a_batch_is_noted_under_its_own_source(monitoring_pool: asyncpg.Pool) -> None:
    applier, topic = monitoring(monitoring_pool), Topic()
    items = [told_by(read(topic.record()), source) for source in ("registry", "licensing", "registry")]
    assert await applier.apply(items) == Applied(events=3, changes=3)
    told = {str(item.event.meta.id): item.event.meta.source for item in items if item.event and item.event.meta}
    assert dict(await monitoring_pool.fetch("SELECT event_id::text, source FROM inbox")) == told


def test_what_the_halves_of_a_batch_did_adds_up() -> None:
    first = Applied(events=1, repeated=2, parked=3, changes=4)
    second = Applied(events=10, repeated=20, parked=30, changes=40)
    assert first + second == Applied(events=11, repeated=22, parked=33, changes=44)


async def test_each_consumer_parks_for_itself(monitoring_pool: asyncpg.Pool) -> None:
    record = bad(Topic().record())
    for name in ("monitoring", "other"):
        await monitoring(monitoring_pool, name=name).apply([read(record)])
    assert [consumer for consumer, _ in await parked(monitoring_pool)] == ["monitoring", "other"]


async def test_a_record_that_fails_again_after_it_was_resolved_is_parked_again(monitoring_pool: asyncpg.Pool) -> None:
    applier, item = monitoring(monitoring_pool), read(Topic().record())
    await applier.park(item, FAULT)
    await discard(monitoring_pool, [1], by="operator", why="a test")
    assert not await applier.park(item, FAULT)
    await monitoring_pool.execute("DELETE FROM inbox")  # as a rebuild does with what the owner no longer has
    assert await applier.park(item, FAULT)
    assert len(await parked(monitoring_pool)) == 1


async def test_a_record_without_an_id_that_is_delivered_again_is_parked_once(monitoring_pool: asyncpg.Pool) -> None:
    applier, record = monitoring(monitoring_pool), Topic().record(ce_id=None)
    for _ in range(2):
        assert await applier.apply([read(record)]) == Applied(parked=1)
    assert await parked(monitoring_pool) == [("monitoring", "MISSING_HEADER")]


async def test_what_was_redriven_cannot_be_given_up(monitoring_pool: asyncpg.Pool) -> None:
    applier = monitoring(monitoring_pool)
    await applier.park(read(Topic().record()), FAULT)
    await redrive(monitoring_pool, applier, [1], by="operator")
    assert await discard(monitoring_pool, [1], by="operator", why="too late") == 0
    assert [letter.state for letter in await dead_letters(monitoring_pool, state="REDRIVEN")] == ["REDRIVEN"]


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({"ce_seq": "7"}, ("registry", 7)),
        ({"ce_seq": "9" * 18}, ("registry", 10**18 - 1)),
        ({"ce_seq": "1" + "0" * 18}, ("registry", 0)),
        ({"ce_seq": "٧"}, ("registry", 0)),
        ({"ce_seq": "x7"}, ("registry", 0)),
        ({"ce_seq": None}, ("registry", 0)),
        ({"ce_seq": "7", "ce_source": None}, ("", 7)),
        ({"ce_id": None}, None),
        ({"ce_id": "5"}, None),
    ],
    ids=["number", "long", "too-long", "foreign-digit", "no-number", "no-seq", "no-source", "no-id", "bad-id"],
)
async def test_what_is_given_up_stands_in_the_inbox_as_far_as_it_says_what_it_is(
    monitoring_pool: asyncpg.Pool, headers: dict[str, str | None], kept: tuple[str, int] | None
) -> None:
    record = bad(Topic().record(None, **headers))  # type: ignore[arg-type]  # names of headers
    await monitoring(monitoring_pool).apply([read(record)])
    assert await discard(monitoring_pool, [1], by="operator", why="a test") == 1
    found = await monitoring_pool.fetchrow("SELECT source, seq FROM inbox")
    assert (tuple(found) if found else None) == kept


async def test_two_hundred_dead_letters_are_a_page(monitoring_pool: asyncpg.Pool) -> None:
    topic = Topic()
    await monitoring(monitoring_pool).apply([read(bad(topic.record())) for _ in range(201)])
    assert len(await dead_letters(monitoring_pool)) == 200
    assert len(await dead_letters(monitoring_pool, after=200)) == 1


async def test_a_rebuild_takes_what_everybody_else_waits_for_and_says_itself_how_far_it_is(
    monitoring_pool: asyncpg.Pool,
) -> None:
    applier, after = monitoring(monitoring_pool), Topic(epoch="e2")
    await applier.apply([read(Topic(epoch="e1").record())])
    told = [read(after.record()) for _ in range(3)]
    with pytest.raises(SourceRestored):
        await applier.apply(told)
    assert await applier.apply(told[:1], fed=True) == Applied(events=1, changes=1)
    assert await applier.apply(told, fed=True) == Applied(events=2, repeated=1, changes=2)
    assert await applier.apply(told, fed=True) == Applied(repeated=3)
    row = await monitoring_pool.fetchrow("SELECT epoch, position, wanted_epoch FROM source_state")
    assert tuple(row) == ("e1", 1, "e2")


async def test_a_handler_has_its_time_and_no_more(monitoring_pool: asyncpg.Pool) -> None:
    applier = monitoring(monitoring_pool, timeout=0.2)
    with pytest.raises(HandlerTimeout, match=r"^copy_places took more than 0\.2 s$"):
        await applier.apply([read(Topic().record(address="hang"))])

    async def hang(_work: UnitOfWork, _events: Sequence[PlaceEvent]) -> None:
        await asyncio.Event().wait()

    nameless = monitoring(monitoring_pool, timeout=0.2, handlers={PlaceEvent: partial(hang)})
    with pytest.raises(HandlerTimeout, match=r"^a handler took more than 0\.2 s$"):
        await nameless.apply([read(Topic().record())])

    async def impatient(_work: UnitOfWork, _events: Sequence[PlaceEvent]) -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        await monitoring(monitoring_pool, handlers={PlaceEvent: impatient}).apply([read(Topic().record())])


async def test_a_lock_is_waited_for_less_long_than_a_handler_may_take(monitoring_pool: asyncpg.Pool) -> None:
    async def takes_its_turn(work: UnitOfWork, _: Sequence[PlaceEvent]) -> None:
        await work.connection.execute("SELECT pg_advisory_xact_lock(4711)")

    applier = monitoring(monitoring_pool, timeout=1, handlers={PlaceEvent: takes_its_turn})
    async with monitoring_pool.acquire() as other, other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(4711)")
        with pytest.raises(asyncpg.LockNotAvailableError):  # not HandlerTimeout, for which its record would be parked
            await applier.apply([read(Topic().record())])


async def test_a_handler_works_for_its_service_in_the_transaction_of_its_batch(monitoring_pool: asyncpg.Pool) -> None:
    given: list[UnitOfWork] = []

    async def handler(work: UnitOfWork, _events: Sequence[PlaceEvent]) -> None:
        given.append(work)

    await monitoring(monitoring_pool, handlers={PlaceEvent: handler}).apply([read(Topic().record())])
    assert [(work.source, work.begun) for work in given] == [("monitoring", True)]


async def test_a_header_with_nul_is_kept_with_a_replacement(monitoring_pool: asyncpg.Pool) -> None:
    await monitoring(monitoring_pool).apply([read(bad(Topic().record(None, ce_strange="а\0я")))])
    assert await monitoring_pool.fetchval("SELECT headers ->> 'ce_strange' FROM dead_letter") == "а\ufffdя"


@pytest.mark.parametrize(
    ("told", "kept"),
    [(["c1"], ("c1", True)), (["c1", "c1"], ("c1", False)), (["c1", "c2"], (None, False))],
    ids=["one", "one-correlation", "two"],
)
async def test_a_change_names_what_it_follows_from_as_far_as_that_is_certain(
    monitoring_pool: asyncpg.Pool, told: list[str], kept: tuple[str | None, bool]
) -> None:
    seen: list[tuple[str | None, bool]] = []

    async def handler(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
        meta = events[0].meta
        seen.append((work.correlation_id, meta is not None and work.caused_by == meta.id))
        assert work.caused_by is None or work.caused_by == (meta and meta.id)

    topic = Topic()
    items = [read(topic.record(None, ce_correlationid=each)) for each in told]
    await monitoring(monitoring_pool, handlers={PlaceEvent: handler}).apply(items)
    assert seen == [kept]
