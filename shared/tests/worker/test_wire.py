"""Events on the wire."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from aksu_local.databases import ServiceUrls
from aksu_local.waiting import eventually
from aksu_local.worker_rig import TOPIC, Log, Registry, Topic
from aksu_shared.bus import Delivered
from aksu_shared.bus.wire import COLUMNS, Undecodable, event_of, event_of_structured, record_of, structured_of
from aksu_shared.db.notify import Notifier
from aksu_shared.db.work import MAX_EVENT_BYTES
from aksu_shared.events.registry.places import PlaceAmended, PlaceRegistered
from aksu_shared.kernel.errors import EventTooLarge

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def _rows(registry: Registry, urls: ServiceUrls, notifier: Notifier) -> list[Any]:
    async with Log(urls, registry.pool, notifier):
        await eventually(lambda: registry.pool.fetchval("SELECT position = 2 FROM log_state"))
    rows: list[Any] = await registry.pool.fetch(f"SELECT position, {COLUMNS} FROM change_log ORDER BY position")
    return rows


async def test_what_was_recorded_arrives_as_the_same_event(
    registry: Registry, registry_urls: ServiceUrls, notifier: Notifier
) -> None:
    key = await registry.register(address="ул. „Първа“ \\ 1\n", correlation_id="c1", traceparent=TRACE)
    await registry.amend(key, address="ул. Втора 2")
    first, second = await _rows(registry, registry_urls, notifier)

    record = record_of(first, position=1, source="registry", epoch="e1")
    assert (record.topic, record.key) == (TOPIC, key)
    event = event_of(Delivered(record.topic, 0, 7, record.key, record.value, record.headers, 0))
    assert type(event) is PlaceRegistered
    assert event.state.address == "ул. „Първа“ \\ 1\n"
    assert (event.id, event.version, event.scope) == (key, 1, ("public", "BG", "BLG", "BLG01"))
    assert event.meta is not None
    assert (event.meta.source, event.meta.position, event.meta.seq, event.meta.epoch) == (
        "registry",
        1,
        first["seq"],
        "e1",
    )
    assert (event.meta.correlation_id, event.meta.traceparent, event.meta.actor) == ("c1", TRACE, "tester")
    assert event.meta.time == datetime.fromisoformat(first["time"])

    amended = record_of(second, position=2, source="registry", epoch="e1")
    event = event_of(Delivered(amended.topic, 0, 8, amended.key, amended.value, amended.headers, 0))
    assert type(event) is PlaceAmended
    assert event.changed == {"address": ("ул. „Първа“ \\ 1\n", "ул. Втора 2")}
    assert "ce_correlationid" not in amended.headers

    document = json.loads(structured_of(first, position=1, source="registry", epoch="e1"))
    document["position"] = int(document["position"])  # a feed may tell it as a number
    assert (
        event_of_structured(document).meta
        == event_of(Delivered(record.topic, 0, 7, record.key, record.value, record.headers, 0)).meta
    )


TOPICS = Topic()
GOOD = TOPICS.record()


@pytest.mark.parametrize(
    ("reason", "record"),
    [
        ("MISSING_HEADER", replace(GOOD, headers={})),
        ("MISSING_HEADER", TOPICS.record(ce_type=None)),
        ("MISSING_HEADER", TOPICS.record(ce_position="")),
        ("BAD_HEADER", TOPICS.record(ce_specversion="0.3")),
        ("BAD_HEADER", TOPICS.record(ce_id="7")),
        ("BAD_HEADER", TOPICS.record(ce_seq="-1")),
        ("BAD_HEADER", TOPICS.record(ce_seq="9" * 19)),
        ("BAD_HEADER", TOPICS.record(ce_time="yesterday")),
        ("BAD_HEADER", TOPICS.record(ce_time="2026-01-01T10:00:00")),
        ("BAD_HEADER", TOPICS.record(ce_source="/aksu/licensing")),
        ("UNKNOWN_TYPE", TOPICS.record(ce_type="bg.aksu.registry.place.demolished.v1")),
        ("WRONG_TOPIC", replace(GOOD, topic="aksu.registry.body.v1")),
        ("WRONG_KEY", replace(GOOD, key="another")),
        ("BAD_JSON", replace(GOOD, value=b"")),
        ("BAD_JSON", replace(GOOD, value=b"{")),
        ("BAD_JSON", replace(GOOD, value=b'{"version": NaN}')),
        ("BAD_JSON", replace(GOOD, value=b'{"version": 1, "version": 1}')),
        ("BAD_JSON", replace(GOOD, value=b"\xff\xfe")),
        ("BAD_DATA", replace(GOOD, value=b"[]")),
        ("BAD_DATA", replace(GOOD, value=b'{"version": 1}')),
        ("BAD_DATA", replace(GOOD, value=GOOD.value.replace(b'"version": 1', b'"version": "1"'))),
        ("BAD_DATA", replace(GOOD, value=GOOD.value.replace(b'"version": 1', b'"version": 0'))),
        ("BAD_DATA", replace(GOOD, value=GOOD.value.replace(b'"settlement"', b'"sett"'))),
    ],
)
def test_a_record_that_is_no_event_says_why(reason: str, record: Delivered) -> None:
    assert event_of(GOOD).id == GOOD.key
    with pytest.raises(Undecodable) as refused:
        event_of(record)
    assert refused.value.reason == reason


def test_what_is_wrong_is_told_without_the_values() -> None:
    record = replace(GOOD, value=GOOD.value.replace(b'"BLG01"', b'["Secret"]', 1))
    with pytest.raises(Undecodable) as refused:
        event_of(record)
    assert "/state/municipality" in refused.value.detail
    assert "Secret" not in refused.value.detail


def test_an_id_may_be_written_in_any_form_of_a_uuid() -> None:
    one = UUID(GOOD.headers["ce_id"])
    for form in (str(one), one.hex, one.urn, f"{{{one}}}", str(one).upper()):
        meta = event_of(replace(GOOD, headers=GOOD.headers | {"ce_id": form})).meta  # type: ignore[operator]  # a dict
        assert meta is not None
        assert (meta.id, hash(meta.id)) == (one, hash(one))


def test_what_the_data_say_besides_the_event_itself_is_no_part_of_it() -> None:
    record = replace(
        GOOD, value=GOOD.value.replace(b'"version": 1', b'"id": "7", "meta": 7, "reason": 7, "version": 1')
    )
    event = event_of(record)
    assert (event.id, event.reason) == (GOOD.key, None)
    assert event.meta == event_of(GOOD).meta


def test_a_field_this_build_does_not_know_is_no_fault() -> None:
    record = replace(GOOD, value=GOOD.value.replace(b'"settlement"', b'"colour": "red", "settlement"'))
    assert event_of(record).id == GOOD.key


async def test_a_change_too_large_for_an_event_is_refused_and_leaves_nothing(registry: Registry) -> None:
    key = await registry.register(address="щ" * (MAX_EVENT_BYTES // 4 - 500))
    with pytest.raises(EventTooLarge):
        await registry.register(address="щ" * (MAX_EVENT_BYTES // 4))
    assert await registry.pool.fetchval("SELECT array_agg(aggregate_id) FROM change_log") == [key]
    assert await registry.pool.fetchval("SELECT count(*) FROM place") == 1
