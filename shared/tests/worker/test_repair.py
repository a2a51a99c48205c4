"""Parked records that are corrected, and what was ordered about them through the API."""

from dataclasses import replace

import asyncpg
import pytest

from aksu_local.worker_rig import Topic, confirm_repair, monitoring
from aksu_shared.bus import Delivered
from aksu_shared.kernel.errors import NotFound, NotParked
from aksu_shared.kernel.machine import SamePerson
from aksu_shared.worker.applying import Applied, Applier
from aksu_shared.worker.dead_letters import carry_out, dead_letters, discard, replay
from aksu_shared.worker.items import read
from aksu_shared.worker.repairing import (
    NothingProposed,
    OtherIdentity,
    RepairChanged,
    StillUnreadable,
    confirm,
    proposal,
    repair,
)


async def broken(applier: Applier, topic: Topic | None = None, **headers: str | None) -> Delivered:
    """The good record whose broken form is parked."""
    record = (topic or Topic()).record(None, **headers)  # type: ignore[arg-type]  # names of headers
    await applier.apply([read(replace(record, value=b"{"))])
    return record


async def order(pool: asyncpg.Pool, letter: int, what: str) -> None:
    await pool.execute(
        "UPDATE dead_letter SET ordered = $2, ordered_by = 'boss', ordered_at = now(), order_reason = 'a test'"
        " WHERE id = $1",
        *(letter, what),
    )


async def resolved(pool: asyncpg.Pool, letter: int) -> tuple[object, ...]:
    sql = "SELECT state, resolved_by, resolution, ordered FROM dead_letter WHERE id = $1"
    return tuple(await pool.fetchrow(sql, letter))


async def test_a_repaired_record_is_replayed_with_the_corrected_bytes(monitoring_pool: asyncpg.Pool) -> None:
    applier = monitoring(monitoring_pool)
    good = await broken(applier)
    await repair(monitoring_pool, 1, value=good.value, headers={}, by="operator", why="a brace")
    assert await monitoring_pool.fetchval("SELECT state FROM dead_letter") == "PARKED"
    await confirm_repair(monitoring_pool, applier, 1)
    row = await monitoring_pool.fetchrow("SELECT * FROM dead_letter")
    assert (row["value"], row["repaired_value"], row["repaired_headers"]) == (b"{", good.value, good.headers)
    assert (row["repaired_by"], row["repair_reason"], row["state"]) == ("operator", "a brace", "REPAIRED")
    assert row["repaired_at"] is not None
    assert [letter.repaired for letter in await dead_letters(monitoring_pool)] == [True]
    assert (await replay(monitoring_pool, applier, [1], by="operator")).applied == [1]
    assert await monitoring_pool.fetchval("SELECT place FROM effect") == good.key
    assert await applier.apply([read(good)]) == Applied(repeated=1)


async def test_a_repaired_record_whose_replay_fails_is_parked_again_and_keeps_its_repair(
    monitoring_pool: asyncpg.Pool,
) -> None:
    applier, topic = monitoring(monitoring_pool), Topic()
    good = await broken(applier, topic)
    poison = topic.record(good.key, address="poison")
    await repair(monitoring_pool, 1, value=poison.value, headers={}, by="operator", why="an address")
    await confirm_repair(monitoring_pool, applier, 1)
    assert not (await replay(monitoring_pool, applier, [1], by="operator")).applied
    (letter,) = await dead_letters(monitoring_pool, state="PARKED")
    assert (letter.reason, letter.repaired) == ("HANDLER_FAILED", True)
    await repair(monitoring_pool, 1, value=good.value, headers={}, by="operator", why="another address")
    assert [each.state for each in await dead_letters(monitoring_pool)] == ["PARKED"]
    await confirm_repair(monitoring_pool, applier, 1)
    assert [each.state for each in await dead_letters(monitoring_pool)] == ["REPAIRED"]
    assert (await replay(monitoring_pool, applier, [1], by="operator")).applied == [1]
    assert await dead_letters(monitoring_pool) == []


async def test_repairs_add_up(monitoring_pool: asyncpg.Pool) -> None:
    applier = monitoring(monitoring_pool)
    good = await broken(applier, ce_type="bg.aksu.registry.place.demolished.v1")
    kind = "bg.aksu.registry.place.registered.v1"
    with pytest.raises(StillUnreadable) as caught:
        await repair(monitoring_pool, 1, value=None, headers={"ce_type": kind}, by="operator", why="the type")
    assert caught.value.params["reason"] == "BAD_JSON"
    assert "character" in str(caught.value.params["detail"])
    assert await monitoring_pool.fetchval("SELECT repaired_by FROM dead_letter") is None
    await repair(monitoring_pool, 1, value=good.value, headers={"ce_type": kind}, by="operator", why="both")
    await repair(monitoring_pool, 1, value=None, headers={"ce_correlationid": "c9"}, by="another", why="later")
    row = await monitoring_pool.fetchrow("SELECT * FROM dead_letter")
    assert row["repaired_value"] == good.value
    assert row["repaired_headers"] == {**good.headers, "ce_type": kind, "ce_correlationid": "c9"}
    assert (row["repaired_by"], row["repair_reason"]) == ("another", "later")


async def test_a_repair_makes_no_other_event_of_a_record(monitoring_pool: asyncpg.Pool) -> None:
    good, foreign = await broken(monitoring(monitoring_pool)), Topic().record()
    for headers in (foreign.headers, {"ce_id": ""}):
        with pytest.raises(OtherIdentity):
            await repair(monitoring_pool, 1, value=good.value, headers=headers, by="operator", why="a swap")


@pytest.mark.parametrize("lost", [None, "no uuid"])
async def test_a_record_that_lost_its_id_may_be_given_one(monitoring_pool: asyncpg.Pool, lost: str | None) -> None:
    applier, whole = monitoring(monitoring_pool), Topic().record()
    good = await broken(applier, ce_id=lost)
    given = {"ce_id": whole.headers["ce_id"]}
    await repair(monitoring_pool, 1, value=good.value, headers=given, by="operator", why="the id")
    await confirm_repair(monitoring_pool, applier, 1)
    assert (await replay(monitoring_pool, applier, [1], by="operator")).applied == [1]


async def test_only_what_is_parked_and_not_ordered_can_be_repaired(monitoring_pool: asyncpg.Pool) -> None:
    applier = monitoring(monitoring_pool)
    good = await broken(applier)
    with pytest.raises(NotFound):
        await repair(monitoring_pool, 2, value=good.value, headers={}, by="operator", why="none")
    await order(monitoring_pool, 1, "DISCARD")
    with pytest.raises(NotParked):
        await repair(monitoring_pool, 1, value=good.value, headers={}, by="operator", why="late")
    await discard(monitoring_pool, [1], by="operator", why="noise")
    with pytest.raises(NotParked):
        await repair(monitoring_pool, 1, value=good.value, headers={}, by="operator", why="too late")


async def test_orders_are_carried_out_once_each_in_the_name_of_who_gave_them(monitoring_pool: asyncpg.Pool) -> None:
    applier, topic = monitoring(monitoring_pool), Topic()
    first, second, _ = [await broken(applier, topic) for _ in range(3)]
    await repair(monitoring_pool, 2, value=second.value, headers={}, by="operator", why="a brace")
    await confirm_repair(monitoring_pool, applier, 2)
    await order(monitoring_pool, 1, "DISCARD")
    await order(monitoring_pool, 2, "REPLAY")
    await order(monitoring_pool, 3, "REPLAY")

    assert await carry_out(monitoring_pool, monitoring(monitoring_pool, name="other")) == 0
    assert await carry_out(monitoring_pool, applier) == 3
    assert await resolved(monitoring_pool, 1) == ("DISCARDED", "boss", "a test", None)
    assert await resolved(monitoring_pool, 2) == ("REPLAYED", "boss", None, None)
    assert await resolved(monitoring_pool, 3) == ("PARKED", None, None, None)  # it failed again: nobody orders it twice
    assert [(letter.id, letter.tries) for letter in await dead_letters(monitoring_pool)] == [(3, 1)]
    assert await carry_out(monitoring_pool, applier) == 0
    assert await monitoring_pool.fetch("SELECT place FROM effect") == [(second.key,)]
    assert await applier.apply([read(first)]) == Applied(repeated=1)


async def test_what_waited_behind_a_repaired_record_takes_effect_after_it(monitoring_pool: asyncpg.Pool) -> None:
    applier, topic = monitoring(monitoring_pool), Topic()
    good = await broken(applier, topic)
    assert await applier.apply([read(topic.record(good.key, version=2))]) == Applied(parked=1)
    await repair(monitoring_pool, 1, value=good.value, headers={}, by="operator", why="a brace")
    await confirm_repair(monitoring_pool, applier, 1)
    assert (await replay(monitoring_pool, applier, [1], by="operator")).applied == [1, 2]
    assert await monitoring_pool.fetchval("SELECT array_agg(version ORDER BY n) FROM effect") == [1, 2]


async def test_what_nobody_confirmed_is_not_applied(monitoring_pool: asyncpg.Pool) -> None:
    applier = monitoring(monitoring_pool)
    good = await broken(applier)
    await repair(monitoring_pool, 1, value=good.value, headers={}, by="operator", why="a brace")
    assert await faults(monitoring_pool, applier) == ["BAD_JSON"]  # as it came
    await confirm_repair(monitoring_pool, applier, 1)
    assert await faults(monitoring_pool, applier) == []


async def test_the_letter_itself_does_not_say_that_its_repair_was_confirmed(monitoring_pool: asyncpg.Pool) -> None:
    """Whoever may write dead letters, as the runtime role may, cannot sign a change of the log."""
    applier, topic = monitoring(monitoring_pool), Topic()
    good = await broken(applier, topic)
    other = topic.record(good.key, address="ул. Чужда 9", ce_id=good.headers["ce_id"])
    await repair(monitoring_pool, 1, value=good.value, headers={}, by="operator", why="a brace")
    await monitoring_pool.execute("UPDATE dead_letter SET confirmed_by = 'boss', confirmed_at = now()")
    assert await faults(monitoring_pool, applier) == ["REPAIR_NOT_CONFIRMED"]
    await repair(monitoring_pool, 1, value=good.value, headers={}, by="operator", why="a brace")
    await confirm_repair(monitoring_pool, applier, 1)
    await monitoring_pool.execute("UPDATE dead_letter SET repaired_value = $1", other.value)
    assert await faults(monitoring_pool, applier) == ["REPAIR_NOT_CONFIRMED"]
    await monitoring_pool.execute("UPDATE dead_letter SET repaired_value = $1", good.value)
    assert await faults(monitoring_pool, applier) == []
    assert await monitoring_pool.fetchval("SELECT address FROM place") == "ул. Първа 1"


async def faults(pool: asyncpg.Pool, applier: Applier) -> list[str]:
    """Replay; why it failed."""
    return [fault.reason for fault in (await replay(pool, applier, [1], by="operator")).failed.values()]


async def test_a_confirmation_is_of_what_was_read_and_by_another_person(monitoring_pool: asyncpg.Pool) -> None:
    applier = monitoring(monitoring_pool)
    good = await broken(applier)
    with pytest.raises(NothingProposed):
        await confirm_repair(monitoring_pool, applier, 1)
    await repair(monitoring_pool, 1, value=good.value, headers={}, by="operator", why="a brace")
    read_before = (await proposal(monitoring_pool, 1)).digest
    await repair(monitoring_pool, 1, value=None, headers={"ce_actor": "x"}, by="operator", why="and an actor")
    async with monitoring_pool.acquire() as connection, connection.transaction():
        with pytest.raises(RepairChanged):
            await confirm(applier.work(connection), 1, known=read_before, why="seen")
    await repair(monitoring_pool, 1, value=None, headers={}, by="service:monitoring", why="mine")
    with pytest.raises(SamePerson):
        await confirm_repair(monitoring_pool, applier, 1)
    assert await monitoring_pool.fetchval("SELECT count(*) FROM change_log") == 0


async def test_each_confirmation_is_a_version_of_the_repair_in_the_log(monitoring_pool: asyncpg.Pool) -> None:
    applier, topic = monitoring(monitoring_pool), Topic()
    good = await broken(applier, topic)
    for value in (topic.record(good.key, address="poison").value, good.value):
        await repair(monitoring_pool, 1, value=value, headers={}, by="operator", why="a try")
        await confirm_repair(monitoring_pool, applier, 1)
        await replay(monitoring_pool, applier, [1], by="operator")
    rows = await monitoring_pool.fetch(
        "SELECT version, scope, state->>'proposed_by' AS proposed, state->>'confirmed_by' AS confirmed,"
        " state->>'old_hash' <> state->>'new_hash' AS differs, reason FROM change_log WHERE topic LIKE '%dead_letter%'"
    )
    assert [tuple(row) for row in rows] == [
        (version, ["b:AKSU"], "operator", "service:monitoring", True, "a test") for version in (1, 2)
    ]
