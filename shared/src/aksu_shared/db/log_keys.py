"""The MAC of a change: made by the process that writes it, under a key that is not in the database.

The hash chain begins when a change gets its position. Until then only the MAC shows that a row is what a process of
the service wrote: whoever holds the database, or the URL of a role, can edit and add rows, and cannot make a MAC.

    mac = <id of the key>:<hex of HMAC-SHA-256(key, JSON array of service and small columns ‖ data of the event)>

The data are the bytes that travel on the bus. `json` columns keep the text that was written, so PostgreSQL gives back
the same bytes. The service's name is in it: a row moved to another service's log has no MAC there.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, Self, TypeAlias

from pydantic_core import to_json

from aksu_shared.kernel.keys import parse_keys

Doubt: TypeAlias = Literal["NO_MAC", "UNKNOWN_KEY", "WRONG_MAC"]
"""Why a row is not taken for one that the service wrote."""

VALUE: Final = """convert_to(
    '{"version":' || version || ',"state":' || state::text || ',"changed":' || changed::text
    || ',"scope":' || array_to_json(scope)::text || '}', 'UTF8')"""
"""SQL for the data of a change-log row's event, as they travel."""
EVIDENCE: Final = f"""
  event_id::text AS event_id, type, topic, aggregate_id, scope_before, legal_time, actor, actor_body, reason,
  legal_basis, correlation_id, traceparent, cause::text AS cause, mac, {VALUE} AS value"""
"""What a query selects from `change_log` for `LogKeys.doubt`."""

_SMALL: Final = ("type", "topic", "aggregate_id", "scope_before", "actor", "actor_body", "reason", "legal_basis",
                 "correlation_id", "traceparent")  # fmt: skip
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class LogKeys:
    """Keys of the change log by id: the first signs, all verify."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)
        self._current = next(iter(self._keys))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `id:base64` of 32 bytes, several by commas or lines. Raises ValueError, which quotes no key."""
        keys = parse_keys(text)
        if not keys:
            raise ValueError("AKSU_LOG_KEY holds no key")
        return cls(keys)

    @property
    def is_development(self) -> bool:
        """Whether one of the keys is the one that everybody can read here."""
        return _DEVELOPMENT_KEY in self._keys.values()

    def mac(self, service: str, change: Mapping[str, Any]) -> str:
        """The MAC of a change that `service` is about to write, its `state` and `changed` as JSON text."""
        data = (
            f'{{"version":{change["version"]},"state":{change["state"]},"changed":{change["changed"]},'
            f'"scope":{to_json(change["scope"]).decode()}}}'
        )
        return f"{self._current}:{_hmac(self._keys[self._current], service, change, data.encode())}"

    def doubt(self, service: str, row: Mapping[str, Any]) -> Doubt | None:
        """Why a row selected by `EVIDENCE` from the log of `service` is not what it wrote; None when it is."""
        if row["mac"] is None:
            return "NO_MAC"
        name, _, mac = row["mac"].partition(":")
        key = self._keys.get(name)
        if key is None:
            return "UNKNOWN_KEY"
        return None if hmac.compare_digest(mac, _hmac(key, service, row, row["value"])) else "WRONG_MAC"


def _hmac(key: bytes, service: str, change: Mapping[str, Any], data: bytes) -> str:
    cause = change["cause"]
    small = [service, change["event_id"], (change["legal_time"] - _EPOCH) // _MICROSECOND,
             None if cause is None else str(cause), *(change[name] for name in _SMALL)]  # fmt: skip
    return hmac.digest(key, to_json(small) + data, "sha256").hex()


_DEVELOPMENT_KEY: Final = hashlib.sha256(b"aksu: key of the change log for development").digest()
DEVELOPMENT_LOG_KEYS: Final = LogKeys({"development": _DEVELOPMENT_KEY})
"""What signs where nothing else is said. Production refuses it, so what forgets its own keys there is held."""
