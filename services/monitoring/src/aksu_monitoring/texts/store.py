"""Restricted texts: added with what they are about, in a scope that only an act of the Agency moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic_core import to_json

from aksu_shared.db.pool import Json
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Scope

_ADD: Final = """
INSERT INTO restricted_text (subject_id, kind, body, scope)
SELECT subject_id, kind, body, scope
  FROM jsonb_to_recordset($1::jsonb) AS r(subject_id uuid, kind text, body text, scope text[])"""
_RESCOPE: Final = """
UPDATE restricted_text t SET scope = string_to_array(r.scope, ',')
  FROM unnest($1::uuid[], $2::text[]) AS r(id, scope) WHERE t.subject_id = r.id"""

_READDRESS: Final = """
UPDATE restricted_text SET scope = array_append(array_remove(array_remove(scope, $2), $3), $3)
 WHERE subject_id = ANY ($1::uuid[])"""


@dataclass(frozen=True, slots=True)
class RestrictedText:
    """A text about an aggregate.

    `kind`: NOTE of a finding; TEXT, PROOF of a prescription; SUBJECT, OBJECTIONS of an inspection.
    """

    subject_id: UUID
    kind: str
    body: str
    scope: Scope


class RestrictedTextStore:
    """Adds texts, and shows them to others where the Agency does so."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def add(self, texts: Sequence[RestrictedText]) -> None:
        """Write texts."""
        if texts:
            await (await self._begin()).execute(_ADD, Json(to_json(texts).decode()))

    async def rescope(self, scopes: Mapping[UUID, Scope]) -> None:
        """Give the texts about these aggregates new scopes."""
        if scopes:
            await (await self._begin()).execute(_RESCOPE, list(scopes), [",".join(scope) for scope in scopes.values()])

    async def readdress(self, subjects: Sequence[UUID], *, before: str | None, after: str) -> None:
        """Show the texts about these aggregates to the body `after`, and to `before` no longer."""
        await (await self._begin()).execute(_READDRESS, subjects, before and f"b:{before}", f"b:{after}")
