"""Texts and addresses that are not public, under the restricted scope of the inspection they belong to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from aksu_monitoring.domain.site import Site
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Scope

_ADD_TEXTS: Final = """
INSERT INTO restricted_text (subject_id, kind, body, scope)
SELECT subject_id, kind, body, string_to_array(scope, ',')
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS r(subject_id, kind, body, scope)"""
_ADD_SITES: Final = """
INSERT INTO inspection_site
  (inspection_id, key, place_id, municipality, settlement, address, provider_eik, started_on, scope)
SELECT inspection_id, key, place_id, municipality, settlement, address, provider_eik, started_on,
       string_to_array(scope, ',')
  FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::date[],
              $9::text[])
       AS r(inspection_id, key, place_id, municipality, settlement, address, provider_eik, started_on, scope)"""
_SITES_AT: Final = """
SELECT s.inspection_id, s.key, coalesce(i.place_id, s.place_id) AS place_id, s.municipality, s.settlement, s.address,
       s.provider_eik, s.started_on
  FROM inspection_site s JOIN inspection i ON i.id = s.inspection_id
 WHERE s.place_id = ANY ($1::uuid[]) OR i.place_id = ANY ($1::uuid[]) OR s.key = ANY ($2::text[])"""
_RESCOPE: Final = """
WITH r AS (SELECT id, string_to_array(scope, ',') AS scope FROM unnest($1::uuid[], $2::text[]) AS r(id, scope)),
sites AS (UPDATE inspection_site s SET scope = r.scope FROM r WHERE s.inspection_id = r.id)
UPDATE restricted_text t SET scope = r.scope FROM r WHERE t.subject_id = r.id"""


@dataclass(frozen=True, slots=True)
class RestrictedText:
    """A text about an aggregate. `kind`: NOTE of a finding; TEXT or PROOF of a prescription."""

    subject_id: UUID
    kind: str
    body: str
    scope: Scope


class RestrictedStore:
    """Adds texts and sites, and moves them when the scope of what they belong to does."""

    def __init__(self, work: UnitOfWork) -> None:
        self._connection = work.connection

    async def add_texts(self, texts: Sequence[RestrictedText]) -> None:
        """Write texts."""
        if texts:
            await self._connection.execute(
                _ADD_TEXTS,
                [text.subject_id for text in texts],
                [text.kind for text in texts],
                [text.body for text in texts],
                [",".join(text.scope) for text in texts],
            )

    async def add_sites(self, sites: Sequence[tuple[UUID, Site, Scope]]) -> None:
        """Write where inspections take place."""
        if not sites:
            return
        await self._connection.execute(
            _ADD_SITES,
            [inspection for inspection, _, _ in sites],
            *([getattr(site, name) for _, site, _ in sites] for name in _SITE_COLUMNS),
            [",".join(scope) for _, _, scope in sites],
        )

    async def sites_at(self, places: Iterable[UUID], keys: Iterable[str]) -> dict[UUID, Site]:
        """Sites of the inspections at these places or addresses, by inspection; a place once found stays theirs."""
        rows = await self._connection.fetch(_SITES_AT, list(places), list(keys))
        return {row["inspection_id"]: Site(**{name: row[name] for name in _SITE_COLUMNS}) for row in rows}

    async def rescope(self, scopes: Mapping[UUID, Scope]) -> None:
        """Give the texts of these aggregates, and the sites of these inspections, new scopes."""
        if scopes:
            await self._connection.execute(_RESCOPE, list(scopes), [",".join(scope) for scope in scopes.values()])


_SITE_COLUMNS: Final = ("key", "place_id", "municipality", "settlement", "address", "provider_eik", "started_on")
