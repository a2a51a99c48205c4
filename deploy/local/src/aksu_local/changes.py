"""Rows of a change log made by hand, for tests and measurements: signed as a service's process would sign them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
from pydantic_core import to_json
from uuid_utils import uuid7

from aksu_shared.db.log_keys import DEVELOPMENT_LOG_KEYS
from aksu_shared.db.pool import Json
from aksu_shared.db.work import Connection

_COLUMNS: Final = (
    "event_id", "type", "topic", "aggregate_id", "version", "state", "changed", "scope", "scope_before", "legal_time",
    "actor", "actor_body", "reason", "legal_basis", "correlation_id", "traceparent", "cause", "mac",
)  # fmt: skip
_INSERT: Final = f"""
INSERT INTO change_log ({", ".join(_COLUMNS)})
SELECT $1::text::uuid, {", ".join(f"${number}" for number in range(2, len(_COLUMNS) + 1))}"""


def change(service: str, *, state: object, changed: object = None, **columns: Any) -> dict[str, Any]:  # noqa: ANN401 - of the log
    """A signed change of `service`; columns that are not given are null, a new id, and now."""
    row: dict[str, Any] = dict.fromkeys(_COLUMNS) | {
        "event_id": str(uuid7()),
        "legal_time": datetime.now(UTC),
        "state": Json(to_json(state).decode()),
        "changed": Json(to_json(changed or {}).decode()),
        **columns,
    }
    row["mac"] = DEVELOPMENT_LOG_KEYS.mac(service, row)
    return row


async def insert_changes(connection: "Connection | asyncpg.Pool", changes: Iterable[Mapping[str, Any]]) -> None:
    """Write them in their order, as any role that may write changes."""

    def values() -> Iterator[tuple[Any, ...]]:
        for each in changes:
            yield tuple(each[name] for name in _COLUMNS)

    await connection.executemany(_INSERT, values())
