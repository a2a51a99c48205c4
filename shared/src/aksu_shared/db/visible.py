"""What a caller's scope lets it see, said by the statement that reads; row-level security says the same once more.

A statement begins by putting, in the place of each scoped table that it names, what the caller sees of it: a common
table expression of the table's name. PostgreSQL takes its condition to where the table is read, as if it stood there,
so it holds in every join and subquery, of a hand-written statement too, and no statement can leave it out.
"""

import re
from collections.abc import Set as AbstractSet
from typing import Final

from aksu_shared.db.statement import SCOPE

_WORD: Final = re.compile(r"\w+")
_LOG: Final = "change_log"

SEEN: Final = "scope && (SELECT app_scope())"
"""The condition under which a row is seen, for statements that no `within_scope` can begin."""


def within_scope(sql: str, scoped: AbstractSet[str]) -> str:
    """`sql`, a SELECT from `s`, behind the caller's scope, $1, and what it sees of the `scoped` tables named in `sql`.

    For reads alone: rows of a common table expression cannot be locked.
    """
    seen = "".join(f",\n{table} AS NOT MATERIALIZED (SELECT * FROM {table} WHERE {_seen(table)})"
                   for table in sorted(scoped & set(_WORD.findall(sql))))  # fmt: skip
    return f"WITH {SCOPE}{seen}\n{sql}"


def _seen(table: str) -> str:
    """Whom a change left sees the change too."""
    return f"({SEEN} OR scope_before && (SELECT app_scope()))" if table == _LOG else SEEN
