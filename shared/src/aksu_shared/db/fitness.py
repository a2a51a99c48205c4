"""Whether a database, and the role in it, are those a process needs: asked before it does anything, and by `readyz`.

A database says itself whose it is, in the comment on its schema, which copies and backups carry. Its revision does not:
another service's may be called alike. A process with more rights than its own would show what row-level security hides.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final, Literal, TypeAlias, Union

import asyncpg

from aksu_shared.kernel.unfit import Unfit

Role: TypeAlias = Literal["owner", "runtime", "worker"]
"""What a process is to its database: `migrate`, the API, or the worker and the commands that do its work."""

Database: TypeAlias = Union["asyncpg.Pool[Any]", "asyncpg.Connection[Any]"]

_SAMPLE_BYTES: Final = 16 * 8192
"""Of each table, about so much is read to see that nobody sees any of it."""
_SEEN_BY_ALL: Final = "access_revocation"
"""The one table whose scope is not who may see it: every statement asks it whether its caller's token was revoked."""
_STATED: Final = """
SELECT substring(obj_description('public'::regnamespace, 'pg_namespace') FROM '^database of aksu-([a-z]+)$') AS service,
       EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS filled"""
_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended('aksu: whose database this is', 0))"
_ROLE: Final = """
SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolbypassrls AS bypasses,
       ARRAY(SELECT kind FROM unnest(ARRAY['owner', 'reader', 'runtime', 'worker']) AS kind
               JOIN pg_roles AS k ON k.rolname = $1 || '_' || kind WHERE pg_has_role(r.oid, k.oid, 'MEMBER')) AS kinds,
       EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND pg_has_role(r.oid, datdba, 'MEMBER'))
         OR EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace
                       AND pg_has_role(r.oid, relowner, 'MEMBER')) AS owns
  FROM pg_roles AS r WHERE r.rolname = current_user"""
_SCOPED: Final = f"""
SELECT c.oid::regclass::text AS name, c.relispartition AS partition,
       c.relforcerowsecurity AND row_security_active(c.oid) AS bound,
       coalesce((SELECT sum(pg_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = c.oid),
                pg_relation_size(c.oid))::bigint AS bytes
  FROM pg_class AS c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> '{_SEEN_BY_ALL}'
   AND has_table_privilege(c.oid, 'SELECT')
   AND EXISTS (SELECT FROM pg_attribute AS a
                WHERE a.attrelid = c.oid AND a.attname = 'scope' AND a.atttypid = 'text[]'::regtype)
 ORDER BY 1"""


class ForeignDatabase(Unfit):
    """The database is another service's, or nobody knows whose."""


class WrongRole(Unfit):
    """The role may not do what the process needs, or may do more."""


async def require_fit(service: str, role: Role, database: Database) -> None:
    """Raise Unfit unless the database is the service's own and the session's role in it the right one."""
    found = await database.fetchrow(_STATED)
    if found["service"] != service:
        raise _foreign(service, found["service"])
    await require_role(service, role, database)


async def claim(service: str, connection: "asyncpg.Connection[Any]") -> None:
    """Let an empty database say that it is the service's; the session is its owner's.

    Raises Unfit when it says otherwise, or is filled and says nothing.
    """
    async with connection.transaction():
        await connection.execute(_ALONE)
        found = await connection.fetchrow(_STATED)
        if found["service"] != service and (found["service"] or found["filled"]):
            raise _foreign(service, found["service"])
        await require_role(service, "owner", connection)
        await connection.execute(f"COMMENT ON SCHEMA public IS 'database of aksu-{service}'")


async def require_role(service: str, role: Role, database: Database) -> None:
    """Raise WrongRole unless the session's role is the process's, and row-level security binds the runtime one."""
    found = await database.fetchrow(_ROLE, service)
    faults = list(_faults(service, role, found))
    if not faults and role == "runtime":
        faults = [f"row-level security does not hide {name} from it" for name in await _laid_open(database)]
    if faults:
        raise WrongRole(f"database role {found['name']} must not be used here: {'; '.join(faults)}")


async def scoped_tables(database: Database) -> frozenset[str]:
    """The tables whose rows are seen by their `scope`, of those that the session's role may read."""
    return frozenset(row["name"] for row in await database.fetch(_SCOPED) if not row["partition"])


def _foreign(service: str, stated: str | None) -> ForeignDatabase:
    if stated is None:
        return ForeignDatabase(f"this database does not say that it is that of aksu-{service}: `migrate` an empty one")
    return ForeignDatabase(f"this database is that of aksu-{stated}, not of aksu-{service}")


def _faults(service: str, role: Role, found: "asyncpg.Record") -> Iterator[str]:
    if found["superuser"] or found["bypasses"]:
        yield "it passes by row-level security"
        return
    if role not in found["kinds"]:
        yield f"it is not {service}_{role}"
    for other in found["kinds"]:
        if other != role:
            yield f"it is {service}_{other} too"
    if role != "owner" and found["owns"]:
        yield "it owns what it is only to use"


async def _laid_open(database: Database) -> Collection[str]:
    """The scoped tables that are not bound, or of which a sample shows rows although nobody said who asks."""
    tables = await database.fetch(_SCOPED)
    if unbound := [table["name"] for table in tables if not table["bound"]]:
        return unbound
    samples = (
        f"SELECT {number} AS n WHERE EXISTS (SELECT FROM {table['name']} TABLESAMPLE SYSTEM (${number + 1}))"
        for number, table in enumerate(tables)
    )
    shares = [min(100.0, 100.0 * _SAMPLE_BYTES / max(table["bytes"], 1)) for table in tables]
    shown = await database.fetch(" UNION ALL ".join(samples), *shares) if tables else ()
    return [tables[row["n"]]["name"] for row in shown]
