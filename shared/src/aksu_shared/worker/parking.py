"""Parking records: each becomes a dead letter, with its original bytes and the reason."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from aksu_shared.db.pool import Json
from aksu_shared.db.work import Connection
from aksu_shared.worker.failure import Fault
from aksu_shared.worker.items import Item

_PARK: Final = """
INSERT INTO dead_letter (consumer, topic, partition, "offset", key, headers, value, reason, detail)
SELECT $1, r.topic, r.partition, r."offset", r.key, r.headers, r.value, r.reason, r.detail
  FROM unnest($2::text[], $3::int[], $4::bigint[], $5::text[], $6::jsonb[], $7::bytea[], $8::text[], $9::text[])
       WITH ORDINALITY AS r(topic, partition, "offset", key, headers, value, reason, detail, n)
 WHERE NOT EXISTS (
   SELECT FROM dead_letter d
    WHERE d.consumer = $1 AND d.topic = r.topic AND d.key = r.key AND d.outcome IS NULL
      AND d.headers ->> 'ce_id' = r.headers ->> 'ce_id' AND d.value = r.value)
 ORDER BY n
ON CONFLICT DO NOTHING"""

log = structlog.get_logger(__name__)


async def park(connection: Connection, consumer: str, parked: Sequence[tuple[Item, Fault]]) -> None:
    """Write dead letters with the original bytes. One already parked is not parked twice."""
    if not parked:
        return
    records = [item.record for item, _ in parked]
    await connection.execute(
        _PARK,
        consumer,
        [record.topic for record in records],
        [record.partition for record in records],
        [record.offset for record in records],
        [record.key for record in records],
        [_headers(record.headers) for record in records],
        [record.value for record in records],
        [fault.reason for _, fault in parked],
        [fault.detail for _, fault in parked],
    )
    for item, fault in parked:
        log.error(
            "record_parked",
            consumer=consumer,
            topic=item.record.topic,
            partition=item.record.partition,
            offset=item.record.offset,
            reason=fault.reason,
            detail=fault.detail,
        )


def _headers(headers: Mapping[str, str]) -> Json:
    return Json(json.dumps(dict(headers), ensure_ascii=False).replace("\\u0000", "\\ufffd"))
