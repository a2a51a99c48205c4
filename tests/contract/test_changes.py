"""The change feed: in order, field by field, waited for without a slot, and never more than the caller may see."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from aksu_local.changes import change, insert_changes
from aksu_local.served import Serve, Served
from aksu_local.waiting import eventually
from aksu_local.worker_rig import Log
from aksu_shared.db.notify import Notifier
from aksu_shared.events.registry.places import PlaceAmended
from aksu_shared.kernel.eik import random_eik
from aksu_shared.worker.holding import held, set_aside

RNG = random.Random(2)  # noqa: S311 - the same numbers in each run
OFFICER: dict[str, Any] = {"role": "licensing_officer", "body": "AKSU"}
FOLLOWER: dict[str, Any] = {"role": "integration", "body": "AKSU"}
MAYOR: dict[str, Any] = {"role": "municipality_officer", "body": "MUNICIPALITY:BLG01"}
LIMIT = 4


@pytest.fixture
async def registry(serve: Serve) -> AsyncIterator[Served]:
    """A registry whose log is sequenced, and which works on four requests at once."""
    served = await serve("registry", max_concurrent_requests=LIMIT, max_waiting_per_caller=5 * LIMIT)
    async with (
        Notifier(served.urls.worker) as notifier,
        Log(served.urls, served.worker, notifier),
    ):
        yield served


async def provider(registry: Served) -> str:
    """A new provider, and with it two changes: of the provider and of its body."""
    seat = {"seat_municipality": "BLG03", "seat_address": "ул. Първа 1"}
    body = {"eik": random_eik(RNG), "name": "Фондация Надежда", "legal_form": "NGO", **seat}
    answer = await registry.post("/v1/providers", body, **OFFICER)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def sequenced(registry: Served) -> None:
    await eventually(lambda: registry.worker.fetchval("SELECT count(*) = 0 FROM change_log WHERE position IS NULL"))


async def changes(registry: Served, query: str, **caller: Any) -> Any:
    answer = await registry.get(f"/v1/changes?{query}", **caller)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_changes_come_in_order_page_by_page_with_old_and_new_values(registry: Served) -> None:
    keys = [await provider(registry) for _ in range(3)]
    amended = await registry.patch(
        f"/v1/providers/{keys[0]}", {"name": "Друго име", "reason": "проба"}, version=1, **OFFICER
    )
    assert amended.status_code == 200, amended.text
    await sequenced(registry)
    total = await registry.worker.fetchval("SELECT count(*) FROM change_log")
    after, seen = "0", []
    while (page := await changes(registry, f"after={after}&limit=2"))["items"]:
        seen += page["items"]
        after = page["next"]
        assert page["head"] == total
        assert page["first"] == 1
    assert [event["position"] for event in seen] == [str(n) for n in range(1, total + 1)]
    of_providers = [event["subject"] for event in seen if ".provider." in event["type"]]
    assert of_providers == [*keys, keys[0]]
    last = seen[-1]
    assert last["data"]["changed"] == {"name": ["Фондация Надежда", "Друго име"]}
    assert (last["specversion"], last["source"]) == ("1.0", "/aksu/registry")
    assert (await changes(registry, f"after={after}"))["next"] == after


async def test_types_and_subject_narrow_it_and_next_passes_over_the_rest(registry: Served) -> None:
    key = await provider(registry)
    await provider(registry)
    await sequenced(registry)
    page = await changes(registry, f"subject={key}")
    assert [event["subject"] for event in page["items"]] == [key]
    assert page["next"].endswith(f":{page['head']}")
    nothing = await changes(registry, "types=bg.aksu.registry.place.registered.v1")
    assert (nothing["items"], nothing["next"]) == ([], page["next"])
    both = await changes(registry, "types=bg.aksu.registry.provider.registered.v1,bg.aksu.registry.provider.amended.v1")
    assert len(both["items"]) == 2


async def test_who_waits_is_told_at_once_and_takes_no_slot(registry: Served) -> None:
    await provider(registry)
    await sequenced(registry)
    after = (await changes(registry, "after=0"))["next"]
    edge: Any = registry.app.middleware_stack
    waiting = []
    for number in range(1, 5 * LIMIT + 1):
        waiting.append(asyncio.create_task(changes(registry, f"after={after}&wait=30")))
        await eventually(partial(_waits, edge, number), every=0)
    key = await provider(registry)  # served, though more wait than may be at work
    started = time.perf_counter()
    pages = await asyncio.gather(*waiting)
    assert time.perf_counter() - started < 5
    assert all(key in {event["subject"] for event in page["items"]} for page in pages)


async def _waits(edge: Any, count: int) -> bool:
    return bool(edge.room.taken == count)


async def test_waiting_ends_with_nothing_when_its_time_is_over(registry: Served) -> None:
    await sequenced(registry)
    page = await changes(registry, "after=0&wait=0.3")
    assert page["items"] == []
    refused = await registry.get("/v1/changes?wait=31")
    assert refused.status_code == 422


async def test_what_leaves_a_callers_scope_is_a_tombstone_without_data(registry: Served) -> None:
    key = uuid4()
    await moved(registry, key, before=None, after=["BG", "BLG", "BLG01"], version=1)
    await moved(registry, key, before=["BG", "BLG", "BLG01"], after=["BG", "VAR", "VAR01"], version=2)
    await moved(registry, key, before=["BG", "VAR", "VAR01"], after=["BG", "VAR", "VAR01"], version=3)
    await sequenced(registry)
    mine = (await changes(registry, "after=0", **MAYOR))["items"]
    assert [event["data"] is None for event in mine] == [False, True]
    assert mine[1]["tombstone"] is True
    assert "secret" not in json.dumps(mine[1])
    assert (await changes(registry, "after=0"))["items"] == []
    whole = (await changes(registry, "after=0", **FOLLOWER))["items"]
    assert [event["data"]["version"] for event in whole] == [1, 2, 3]
    pushing = (await changes(registry, "after=0", role="integration", body="PROVIDER:130007884"))["items"]
    assert pushing == []


async def moved(registry: Served, key: UUID, *, before: list[str] | None, after: list[str], version: int) -> None:
    told = change(
        "registry", type=PlaceAmended.type, topic=PlaceAmended.topic, aggregate_id=str(key), version=version,
        state={"address": "secret"}, scope=after, scope_before=before,
    )  # fmt: skip
    await insert_changes(registry.worker, [told])


async def test_it_is_as_fresh_as_a_change_that_is_held_until_that_is_set_aside(registry: Served) -> None:
    forged = change(
        "registry", type=PlaceAmended.type, topic=PlaceAmended.topic, aggregate_id="x", version=1, state={},
        scope=["public"],
    )  # fmt: skip
    await insert_changes(registry.worker, [forged | {"mac": None}])
    (row,) = await eventually(lambda: held(registry.worker))
    stale = (await changes(registry, "after=0"))["fresh_at"]
    await provider(registry)
    await eventually(lambda: registry.worker.fetchval("SELECT position = 2 FROM log_state"))
    told = await changes(registry, "after=0")
    assert (len(told["items"]), told["fresh_at"]) == (2, stale)
    await set_aside(registry.worker, row.seq, by="operator", why="forged")
    assert (await changes(registry, "after=0"))["fresh_at"] > stale


async def test_positions_of_a_former_epoch_are_refused_with_the_new_one(registry: Served) -> None:
    await provider(registry)
    await sequenced(registry)
    after = (await changes(registry, "after=0"))["next"]
    await registry.worker.execute("UPDATE log_state SET epoch = uuidv7()::text")
    refused = await registry.get(f"/v1/changes?after={after}")
    assert (refused.status_code, refused.json()["code"]) == (410, "epoch_changed")


async def test_it_says_how_fresh_it_is_up_to_the_oldest_change_without_position(registry: Served, serve: Serve) -> None:
    still = await serve("licensing")  # nobody sequences there
    sql = """INSERT INTO change_log (recorded_at, event_id, type, topic, aggregate_id, version, state, changed, scope,
                                     legal_time)
             VALUES (now() - interval '1 minute', gen_random_uuid(), 'x', 'aksu.licensing.licence.v1', 'x', 1, '{}',
                     '{}', '{public}', now())"""
    await still.worker.execute(sql)
    behind = (await changes(still, "after=0"))["fresh_at"]
    assert (await changes(registry, "after=0"))["fresh_at"] > behind
    assert behind == await still.worker.fetchval("SELECT to_json(min(recorded_at)) #>> '{}' FROM change_log")
