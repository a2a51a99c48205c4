"""Texts and addresses that are not public, under the restricted scope of the inspection they belong to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from pydantic_core import to_json

from aksu_monitoring.domain.site import Site
from aksu_shared.db.pool import Json
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Scope

_ADD_TEXTS: Final = """
INSERT INTO restricted_text (subject_id, kind, body, scope)
SELECT subject_id, kind, body, scope
  FROM jsonb_to_recordset($1::jsonb) AS r(subject_id uuid, kind text, body text, scope text[])"""
_ADD_SITES: Final = """
INSERT INTO inspection_site
  (inspection_id, key, place_id, municipality, settlement, address, provider_eik, started_on, scope)
SELECT inspection_id, site ->> 'key', (site ->> 'place_id')::uuid, site ->> 'municipality', site ->> 'settlement',
       site ->> 'address', site ->> 'provider_eik', (site ->> 'started_on')::date, scope
  FROM jsonb_to_recordset($1::jsonb) AS r(inspection_id uuid, site jsonb, scope text[])"""
_SITES_AT: Final = """
SELECT s.inspection_id, s.key, coalesce(i.place_id, s.place_id) AS place_id, s.municipality, s.settlement, s.address,
       s.provider_eik, s.started_on
  FROM inspection_site s JOIN inspection i ON i.id = s.inspection_id
 WHERE s.inspection_id IN (
   SELECT inspection_id FROM inspection_site WHERE place_id = ANY ($1::uuid[])
   UNION SELECT inspection_id FROM inspection_site WHERE key = ANY ($2::text[])
   UNION SELECT id FROM inspection WHERE place_id = ANY ($1::uuid[]))"""
_STARTED: Final = """
UPDATE inspection_site SET started_on = $2 WHERE inspection_id = $1
RETURNING key, place_id, municipality, settlement, address, provider_eik, started_on"""
_RESCOPE: Final = """
WITH r AS (SELECT id, string_to_array(scope, ',') AS scope FROM unnest($1::uuid[], $2::text[]) AS r(id, scope)),
sites AS (UPDATE inspection_site s SET scope = r.scope FROM r WHERE s.inspection_id = r.id)
UPDATE restricted_text t SET scope = r.scope FROM r WHERE t.subject_id = r.id"""


@dataclass(frozen=True, slots=True)
class RestrictedText:
    """A text about an aggregate. `kind`: NOTE of a finding; TEXT, PROOF of a prescription; SUBJECT of an inspection."""

    subject_id: UUID
    kind: str
    body: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class InspectedSite:
    """The site of one inspection."""

    inspection_id: UUID
    site: Site
    scope: Scope


class RestrictedStore:
    """Adds texts and sites, and moves them when the scope of what they belong to does."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def add_texts(self, texts: Sequence[RestrictedText]) -> None:
        """Write texts."""
        if texts:
            await (await self._begin()).execute(_ADD_TEXTS, Json(to_json(texts).decode()))

    async def add_sites(self, sites: Sequence[InspectedSite]) -> None:
        """Write where inspections take place."""
        if sites:
            await (await self._begin()).execute(_ADD_SITES, Json(to_json(sites).decode()))

    async def sites_at(self, places: Iterable[UUID], keys: Iterable[str]) -> dict[UUID, Site]:
        """Sites of the inspections at these places or addresses, by inspection; a place once found stays theirs."""
        rows = await (await self._begin()).fetch(_SITES_AT, list(places), list(keys))
        return {row["inspection_id"]: Site(**{name: row[name] for name in _SITE_COLUMNS}) for row in rows}

    async def started(self, inspection: UUID, day: date) -> Site:
        """The site of an inspection that was planned, now that it starts."""
        return Site(**await (await self._begin()).fetchrow(_STARTED, inspection, day))

    async def rescope(self, scopes: Mapping[UUID, Scope]) -> None:
        """Give the texts of these aggregates, and the sites of these inspections, new scopes."""
        if scopes:
            await (await self._begin()).execute(_RESCOPE, list(scopes), [",".join(scope) for scope in scopes.values()])


_SITE_COLUMNS: Final = ("key", "place_id", "municipality", "settlement", "address", "provider_eik", "started_on")
