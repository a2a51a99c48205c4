"""What a caller's scope lets it see, said by the statement that reads; row-level security says the same once more.

A statement begins by putting, in the place of each scoped table that it names, what the caller sees of it: a common
table expression of the table's name. PostgreSQL takes its condition to where the table is read, as if it stood there,
so it holds in every join and subquery, of a hand-written statement too, and no statement can leave it out.
"""

import re
from typing import Final

from aksu_shared.db.statement import SCOPE

_WORD: Final = re.compile(r"\w+")
_LOG: Final = "change_log"

# As a number, because of what PostgreSQL takes for granted: one row in 200 meets `&&`, and nearly all differ from 0.
# Row-level security has it count on one in 200 already. On one in 40,000 it would sort a table whose index has the
# order (a list of 50 of 1,300 rows: 3.1 ms against 0.8 ms).
SEEN: Final = "(scope && (SELECT app_scope()))::int <> 0"
"""The condition under which a row is seen, for statements that no `within_scope` can begin."""
_LOG_SEEN: Final = "(scope && (SELECT app_scope()) OR scope_before && (SELECT app_scope()))::int <> 0"
"""Whom a change left sees the change too."""


def within_scope(sql: str, scoped: frozenset[str]) -> str:
    """`sql`, a SELECT from `s`, behind the caller's scope, $1, and what it sees of the `scoped` tables named in `sql`.

    For reads alone: rows of a common table expression cannot be locked.
    """
    named = sorted(scoped.intersection(_WORD.findall(sql)))
    return ",\n".join([f"WITH {SCOPE}", *map(_stand_in, named)]) + f"\n{sql}"


def _stand_in(table: str) -> str:
    seen = _LOG_SEEN if table == _LOG else SEEN
    return f"{table} AS NOT MATERIALIZED (SELECT * FROM {table} WHERE {seen})"
