"""The log of restricted reads: who read what, under which right, why. Written by the statement that reads.

So nothing restricted is answered whose row is missing: both are one transaction. The route says that a request reads
something restricted (`reading`); the statements run for it then carry an INSERT, which tells the objects by the bytes
that are about to leave.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from aksu_shared.kernel.logging import correlation_id

AUDIT: Final = "audit"
"""Scope key of every row of the log; held by who may read the audit."""

Shape: TypeAlias = Literal["page", "one", "lines", "feed", "whole"]
"""What a statement answers with: a page of items, one resource, NDJSON, the change feed, or something without ids."""

_OBJECTS: Final[dict[Shape, str]] = {
    "page": "SELECT i ->> 'id' FROM json_array_elements(a.body::json -> 'items') AS i",
    "one": "SELECT a.body::json ->> 'id' WHERE a.body IS NOT NULL",
    "lines": "SELECT l::json ->> 'id' FROM string_to_table(a.body, E'\\n') AS l WHERE l <> ''",
    "feed": """SELECT DISTINCT i ->> 'subject' FROM jsonb_array_elements(a.body::jsonb -> 'items') AS i
                WHERE NOT coalesce(i -> 'data' -> 'scope' ? 'public', true)""",
    "whole": "SELECT NULL WHERE false",
}
_SILENT: Final = frozenset({"one", "feed"})
"""Shapes that are no read of anything when they hold no object: not found, or only what is public."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The restricted read in hand. `action` is the right; `request` path and query; `purpose` what the caller said."""

    actor: str
    roles: Sequence[str]
    body: str | None
    action: str
    request: str
    purpose: str | None

    @property
    def args(self) -> Sequence[str | Sequence[str] | None]:
        """Parameters behind those of the statement that reads."""
        return (self.actor, self.roles, self.body, self.action, self.request, self.purpose, correlation_id())


_current: ContextVar[Reading | None] = ContextVar("reading", default=None)


def reading() -> Reading | None:
    """What the request in hand reads that is restricted; None when nothing."""
    return _current.get()


def set_reading(found: Reading | None) -> None:
    """Bind for the rest of the request, whose task is its own."""
    _current.set(found)


def recorded(sql: str, shape: Shape, *, places: int) -> str:
    """`sql`, which gives at most one row with a column `body` and has `places` parameters, and the row of its log."""
    actor, roles, body, action, request, purpose, correlation = (f"${places + n}" for n in range(1, 8))
    silent = " WHERE cardinality(o.ids) > 0" if shape in _SILENT else ""
    return f"""
      WITH answer AS MATERIALIZED ({sql}),
      noted AS (
        INSERT INTO read_log (actor, roles, body, action, request, purpose, correlation_id, objects, scope)
        SELECT {actor}::text, {roles}::text[], {body}::text, {action}::text, {request}::text, {purpose}::text,
               {correlation}::text, o.ids, '{{{AUDIT}}}' || ARRAY(SELECT 'o:' || id FROM unnest(o.ids) AS id)
          FROM answer AS a, LATERAL (SELECT ARRAY({_OBJECTS[shape]}) AS ids) AS o{silent})
      SELECT * FROM answer"""
