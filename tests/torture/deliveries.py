"""Strange deliveries, put on the bus by hand: the same records again and out of order, and records nobody can apply."""

import json
from collections.abc import Mapping
from hashlib import sha256
from random import Random
from typing import Any, Final
from uuid import uuid4

import asyncpg

from aksu_shared.bus import Record, connect
from torture.busread import sample
from torture.checks_log import SYSTEM
from torture.rig import Rig
from torture.witness import HANGS, RAISES

_TOPIC: Final = "aksu.registry.provider.v1"
_TYPE: Final = "bg.aksu.registry.provider.registered.v1"
READERS: Final = ("licensing", "reporting")
"""Consumers of the topic that gets the poison."""
_REPEATED: Final = 300


class Deliveries:
    """Publishes to the bus of one rig. `poisoned` is the poison by its key: digest of its bytes."""

    def __init__(self, rig: Rig, rng: Random) -> None:
        self.poisoned: dict[str, str] = {}
        self.repeated = 0
        self._rig = rig
        self._rng = rng

    async def repeat(self) -> None:
        """Records already delivered, once more and shuffled."""
        records = await sample(self._rig, limit=_REPEATED)
        self._rng.shuffle(records)
        await self._publish(records)
        self.repeated += len(records)

    async def poison(self) -> None:
        """One record of each kind that must end as a dead letter at every reader, each under a key of its own."""
        epoch = await self._epoch()
        records = [self._bad(name, ce_epoch=epoch, **kind) for name, kind in _KINDS.items()]
        self._rng.shuffle(records)
        await self._publish(records)
        self.poisoned |= {record.key: sha256(record.value).hexdigest() for record in records}

    def _bad(
        self, name: str, *, state: Mapping[str, Any] | None = None, value: bytes | None = None, **headers: str
    ) -> Record:
        key = f"{SYSTEM}-{name}-{uuid4()}"
        identity = str(uuid4())
        data = {"version": 1, "state": {**_state(identity), **(state or {})}, "changed": {}, "scope": ["public"]}
        given = {
            "ce_specversion": "1.0",
            "ce_id": str(uuid4()),
            "ce_source": "/aksu/registry",
            "ce_type": _TYPE,
            "ce_subject": key,
            "ce_time": "2026-01-01T10:00:00+00:00",
            "ce_seq": "1",
            "ce_position": "1",
            "content-type": "application/json",
        }
        return Record(_TOPIC, key, value if value is not None else json.dumps(data).encode(), {**given, **headers})

    async def _epoch(self) -> str:
        connection = await asyncpg.connect(self._rig.platform.postgres.url("registry"))
        try:
            epoch: str = await connection.fetchval("SELECT epoch FROM log_state")
        finally:
            await connection.close()
        return epoch

    async def _publish(self, records: list[Record]) -> None:
        async with connect(self._rig.platform.bus_url) as bus:
            await bus.publish(records)


def _state(identity: str) -> dict[str, Any]:
    return {
        "id": identity,
        "body": "PROVIDER:200000000",
        "eik": "200000000",
        "name": "poison",
        "legal_form": "NGO",
        "licence_required": True,
        "seat_municipality": "BLG01",
        "seat_address": None,
    }


_KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "bad-json": {"value": b'{"version": 1, "state": {'},
    "no-number": {"value": b'{"version": NaN}'},
    "schema": {"state": {"licence_required": "perhaps", "id": 7}},
    "unknown-type": {"ce_type": "bg.aksu.registry.provider.dreamt.v1"},
    "oversize": {"value": b'{"version": 1, "state": {"name": "' + b"x" * 900_000 + b'"}}'},
    "raises": {"state": {"name": RAISES}},
    "hangs": {"state": {"name": HANGS}},
}
