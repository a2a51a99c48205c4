"""SQLAlchemy statements compiled once and run on asyncpg directly.

The expression language is SQLAlchemy's; its execution layer is not used, because it cost more than half of all
writes (4 statements in a transaction, 16 connections: 800 transactions/s against 1,700/s; docs/adr/0004).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import SelectBase
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql.elements import ClauseElement

_DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]

ADMITTED = "(position(',t:' IN $1) = 0 OR access_is_known()) AS admitted"
"""Whether the caller, if it came with a token, may write: not while this service may have missed its revocation."""


def scope_with(*columns: str) -> str:
    """`s`, one row that sets the caller's scope, the first parameter, for the statement it stands in.

    What asks `s.v` first runs after it. There is no such row, and so no other, once the caller's token is revoked.
    """
    values = ", ".join(("set_config('app.scope', $1, true) AS v", *columns))
    return f"s AS MATERIALIZED (SELECT {values} WHERE NOT EXISTS (SELECT FROM access_revocations($1)))"


SCOPE = scope_with()


class Statement:
    """One compiled statement: `sql` with `$1…` places and the order of its parameters.

    Make it a module constant with `bindparam("name")` where values go; literals stay where they are.
    Lists go in as `= ANY(:name)`, never as `IN`.
    """

    def __init__(self, construct: ClauseElement, *, locks: bool = False) -> None:
        self.locks = locks
        compiled = construct.compile(dialect=_DIALECT)
        self.sql: str = str(compiled)
        self.columns: tuple[str, ...] = ()
        """The names of what it selects."""
        if isinstance(construct, SelectBase):
            self.columns = tuple(construct.selected_columns.keys())
        self._names: tuple[str, ...] = tuple(compiled.positiontup or ())  # type: ignore[attr-defined]
        self._values: dict[str, Any] = dict(compiled.params)

    def args(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """Parameters in the order of the places."""
        return [values[name] if name in values else self._values[name] for name in self._names]

    @property
    def places(self) -> int:
        """How many parameters it has."""
        return len(self._names)

    def gated(self, by: int = 1) -> str:
        """The SQL with places from `$<by+1>` on, which reads nothing before the scope is set by `s`."""
        return f"SELECT r.* FROM ({self.shifted(by)}) r WHERE s.v IS NOT NULL"

    def shifted(self, by: int) -> str:
        """The SQL with places from `$<by+1>` on, to stand in another statement."""
        return shift(self.sql, by)


def shift(sql: str, by: int) -> str:
    """Renumber `$n` to `$n+by`; the statements are ours and hold no `$` in literals."""
    parts = sql.split("$")
    out = [parts[0]]
    for part in parts[1:]:
        digits = len(part) - len(part.lstrip("0123456789"))
        out.append(f"${int(part[:digits]) + by}{part[digits:]}")
    return "".join(out)
