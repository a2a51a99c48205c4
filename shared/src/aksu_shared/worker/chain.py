"""The hash chains over the change log and the log of reads: what one row contributes, and how rows are linked.

    hash(n) = SHA-256( hash(n-1) ‖ digest(n) ),  hash(0) = empty

The digest is computed where the row is, over every column that never changes: one JSON array of the small ones, then
the JSON of `state` and of `changed`. That text is unambiguous (each part ends by its own grammar, values are quoted,
absence is null) and does not depend on the settings of the session.
"""

from hashlib import sha256
from typing import Final


def _microseconds(column: str) -> str:
    return f"(extract(epoch FROM {column}) * 1000000)::bigint"


DIGEST: Final = f"""sha256(convert_to(json_build_array(
  seq, {_microseconds("recorded_at")}, event_id, type, topic, aggregate_id, version, scope, scope_before,
  {_microseconds("legal_time")}, actor, actor_body, reason, legal_basis, correlation_id, traceparent, cause, mac)::text
  || state::text || changed::text, 'UTF8'))"""
"""SQL for the digest of a `change_log` row, 32 bytes."""

READ_DIGEST: Final = f"""sha256(convert_to(json_build_array(
  seq, {_microseconds("recorded_at")}, actor, roles, body, action, request, objects, purpose, correlation_id,
  scope)::text, 'UTF8'))"""
"""SQL for the digest of a `read_log` row, 32 bytes."""


def link(previous: bytes, digest: bytes) -> bytes:
    """The chain's value after the row with `digest`."""
    return sha256(previous + digest).digest()
