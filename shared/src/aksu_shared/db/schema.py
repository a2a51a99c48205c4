"""The check that a process knows the schema it finds: without alembic, whose 10 MB no running process needs."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import asyncpg

from aksu_shared.kernel.unfit import Unfit

_REVISION: Final = re.compile(r"^(revision|down_revision)(?:: [^=]+)? = (?:\"([^\"]+)\"|None)$", re.MULTILINE)


class UnknownSchema(Unfit):
    """The database is at a revision this build does not know, or is not migrated to the one it needs."""


def migrations_of(service: str) -> Path:
    """Folder of a service's migrations, inside its package so that an image carries them."""
    return Path(str(import_module(f"aksu_{service}").__file__)).with_name("migrations")


def newest_revision(migrations: Path) -> str:
    """The revision that no other follows. Raises ValueError unless there is exactly one, so no branches."""
    named: list[dict[str, str]] = [
        dict(_REVISION.findall(file.read_text(encoding="utf-8"))) for file in migrations.glob("versions/*.py")
    ]
    heads = {names["revision"] for names in named} - {names["down_revision"] for names in named}
    if len(heads) != 1:
        msg = f"{migrations} has {len(heads)} newest revisions: {sorted(heads)}"
        raise ValueError(msg)
    return heads.pop()


async def require_known_schema(service: str, pool: "asyncpg.Pool[Any]") -> None:
    """Raise UnknownSchema unless the database is at this build's newest revision."""
    newest = newest_revision(migrations_of(service))
    try:
        found = await pool.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        found = None
    if found != newest:
        msg = f"database is at schema {found or 'none'}, this build needs {newest}: run `migrate` of this service"
        raise UnknownSchema(msg)
