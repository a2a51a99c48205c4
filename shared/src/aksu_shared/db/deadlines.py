"""Deadlines that fire: rows written in the transaction of the change they follow from, fired by the worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aksu_shared.db.work import Connection

_SCHEDULE: Final = """
INSERT INTO deadline (term, subject, revision, kind, due_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::timestamptz[])
ON CONFLICT (term, subject, revision, kind) DO NOTHING"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """An instant of legal time at which something of `kind` happens to `subject`, an aggregate's id.

    A pause or an extension makes a new `revision`; whoever handles one of a former revision lets it pass.
    """

    term: str
    subject: str
    revision: int
    kind: str
    due_at: datetime


async def schedule(connection: Connection, deadlines: Sequence[Deadline]) -> None:
    """Write deadlines; one that exists already (term, subject, revision, kind) stays as it is."""
    await connection.execute(
        _SCHEDULE,
        [deadline.term for deadline in deadlines],
        [deadline.subject for deadline in deadlines],
        [deadline.revision for deadline in deadlines],
        [deadline.kind for deadline in deadlines],
        [deadline.due_at for deadline in deadlines],
    )
