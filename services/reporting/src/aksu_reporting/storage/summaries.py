"""The figures of territories: one territory in full, or the headlines of those inside it."""

from datetime import date
from functools import cache
from importlib import resources
from typing import Final

from aksu_reporting.domain.expiry import expiring_until
from aksu_reporting.domain.states import (
    DUE_PRESCRIPTIONS,
    IN_FORCE,
    OPEN_PRESCRIPTIONS,
    PENDING_APPLICATIONS,
    RUNNING,
)
from aksu_shared.codelists import CODELISTS
from aksu_shared.db.reads import Reads
from aksu_shared.errors import NotFound

_FINANCING: Final = tuple(CODELISTS["financing"])
_NOTHING: Final = b"null"


async def territory_summary(reads: Reads, code: str, *, scope: str, today: date) -> bytes:
    """`TerritorySummary` of the territory, over the rows that `scope` sees. Raises NotFound."""
    values = (
        code, today, expiring_until(today), RUNNING, IN_FORCE, OPEN_PRESCRIPTIONS, DUE_PRESCRIPTIONS,
        PENDING_APPLICATIONS, _FINANCING,
    )  # fmt: skip
    return _found(await reads.raw(_sql("summary.sql"), scope, *values))


async def children_summary(reads: Reads, code: str, *, level: str | None, sort: str, scope: str, today: date) -> bytes:
    """`ChildrenSummary` of the territories of `level` inside it, in the order of `sort`. Raises NotFound."""
    values = (
        code, today, expiring_until(today), RUNNING, IN_FORCE, OPEN_PRESCRIPTIONS, DUE_PRESCRIPTIONS, level,
    )  # fmt: skip
    return _found(await reads.raw(_sql("children.sql", _order(sort)), scope, *values))


def _order(sort: str) -> str:
    """`-places` → `places DESC NULLS LAST, code`. The route lets only names of columns through."""
    name = sort.removeprefix("-")
    return f"{name} {'DESC' if sort.startswith('-') else 'ASC'} NULLS LAST, code"


@cache
def _sql(name: str, order: str = "") -> str:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return f"coalesce(({text.replace('{order}', order)}), '{_NOTHING.decode()}')"


def _found(body: bytes) -> bytes:
    if body == _NOTHING:
        raise NotFound
    return body
