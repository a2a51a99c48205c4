"""Inspections and findings, read under lock for a change; sites and duties beside them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import any_, bindparam

from aksu_monitoring.inspections.errors import NotOfTeam
from aksu_monitoring.inspections.rules import FAILED_RESULTS, TEAM, is_pushed
from aksu_monitoring.inspections.tables import FindingTable, InspectionTable
from aksu_monitoring.places.rules import Site
from aksu_shared.db.pool import Json
from aksu_shared.db.store import Kept, Store, rows_where
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Scope
from aksu_shared.events.monitoring.inspections import FindingState, InspectionState

INSPECTION_TABLE: Final = table_of(InspectionTable)
FINDING_TABLE: Final = table_of(FindingTable)

_FINDINGS: Final = rows_where(FINDING_TABLE, FINDING_TABLE.c.inspection_id == any_(bindparam("inspections")))
_TALLY: Final = """
SELECT i AS id,
       (SELECT count(*) FROM finding WHERE inspection_id = i AND result = ANY ($2::text[])) AS failed,
       (SELECT coalesce(array_agg(reference), '{}') FROM prescription WHERE inspection_id = i) AS "references"
  FROM unnest($1::uuid[]) AS i"""
_ADD_SITES: Final = """
INSERT INTO inspection_site
  (inspection_id, key, place_id, municipality, settlement, address, provider_eik, started_on, scope)
SELECT inspection_id, site ->> 'key', (site ->> 'place_id')::uuid, site ->> 'municipality', site ->> 'settlement',
       site ->> 'address', site ->> 'provider_eik', (site ->> 'started_on')::date, scope
  FROM jsonb_to_recordset($1::jsonb) AS r(inspection_id uuid, site jsonb, scope text[])"""
# Once it has started, what is registered at an address is no longer taken for the place that was inspected.
_SITES_AT: Final = """
SELECT s.inspection_id, CASE WHEN i.started_on IS NULL THEN s.key END AS key,
       CASE WHEN i.started_on IS NULL THEN coalesce(i.place_id, s.place_id) ELSE i.place_id END AS place_id,
       s.municipality, s.settlement, s.address, s.provider_eik, s.started_on
  FROM inspection_site s JOIN inspection i ON i.id = s.inspection_id
 WHERE s.inspection_id IN (
   SELECT inspection_id FROM inspection_site WHERE place_id = ANY ($1::uuid[])
   UNION SELECT inspection_id FROM inspection_site WHERE key = ANY ($2::text[])
   UNION SELECT id FROM inspection WHERE place_id = ANY ($1::uuid[]))
   AND (i.started_on IS NULL OR i.place_id = ANY ($1::uuid[]))"""
_STARTED: Final = """
UPDATE inspection_site SET started_on = $2 WHERE inspection_id = $1
RETURNING key, place_id, municipality, settlement, address, provider_eik, started_on"""
_RESCOPE: Final = """
UPDATE inspection_site s SET scope = string_to_array(r.scope, ',')
  FROM unnest($1::uuid[], $2::text[]) AS r(id, scope) WHERE s.inspection_id = r.id"""
_READDRESS: Final = """
UPDATE inspection_site SET scope = array_append(array_remove(array_remove(scope, $2), $3), $3)
 WHERE inspection_id = $1"""
_SITE_COLUMNS: Final = ("key", "place_id", "municipality", "settlement", "address", "provider_eik", "started_on")
_ADD_DUTIES: Final = """
INSERT INTO inspection_duty (inspection_id, part, subject, scope)
SELECT $1, $2, s, $4 FROM unnest($3::text[]) AS s ON CONFLICT DO NOTHING"""
_PARTS: Final = """
SELECT part, array_agg(subject) AS subjects FROM inspection_duty WHERE inspection_id = $1 GROUP BY part"""


@dataclass(frozen=True, slots=True)
class Tally:
    """What an inspection has so far: failed criteria, and references of its prescriptions."""

    failed: int
    references: frozenset[str]


@dataclass(frozen=True, slots=True)
class InspectedSite:
    """The site of one inspection."""

    inspection_id: UUID
    site: Site
    scope: Scope


class InspectionStore(Store[InspectionState]):
    """Inspections by id."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, INSPECTION_TABLE, InspectionState)

    async def tallies(self, ids: Iterable[UUID]) -> dict[str, Tally]:
        """Findings and prescriptions of these inspections, counted."""
        rows = await (await self._work.begin()).fetch(_TALLY, list(ids), list(FAILED_RESULTS))
        return {str(row["id"]): Tally(row["failed"], frozenset(row["references"])) for row in rows}


class FindingStore(Store[FindingState]):
    """Findings by id and inspection."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, FINDING_TABLE, FindingState)

    async def of(self, inspections: Iterable[UUID]) -> list[Kept[FindingState]]:
        """All findings of these inspections."""
        return await self.find(_FINDINGS, inspections=list(inspections))


class SiteStore:
    """Where inspections take place, as their sources say; under the restricted scope of the inspection."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def add(self, sites: Sequence[InspectedSite]) -> None:
        """Write where inspections take place."""
        if sites:
            await (await self._begin()).execute(_ADD_SITES, Json(to_json(sites).decode()))

    async def at(self, places: Iterable[UUID], keys: Iterable[str]) -> dict[UUID, Site]:
        """Sites of the inspections at these places, and of those at these addresses that have not started."""
        rows = await (await self._begin()).fetch(_SITES_AT, list(places), list(keys))
        return {row["inspection_id"]: Site(**{name: row[name] for name in _SITE_COLUMNS}) for row in rows}

    async def started(self, inspection: UUID, day: date) -> Site:
        """The site of an inspection that was planned, now that it starts."""
        return Site(**await (await self._begin()).fetchrow(_STARTED, inspection, day))

    async def rescope(self, scopes: Mapping[UUID, Scope]) -> None:
        """Give the sites of these inspections new scopes."""
        if scopes:
            await (await self._begin()).execute(_RESCOPE, list(scopes), [",".join(scope) for scope in scopes.values()])

    async def readdress(self, inspection: UUID, *, before: str | None, after: str) -> None:
        """Show the site to the body `after`, and to `before` no longer."""
        await (await self._begin()).execute(_READDRESS, inspection, before and f"b:{before}", f"b:{after}")


class DutyStore:
    """Who took part in which inspection."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def add(self, inspection: UUID, part: str, subjects: Iterable[str], scope: Scope) -> None:
        """Note that these had this part."""
        await (await self._begin()).execute(_ADD_DUTIES, inspection, part, list(subjects), list(scope))

    async def parts(self, inspection: UUID) -> Mapping[str, frozenset[str]]:
        """Part → who had it."""
        rows = await (await self._begin()).fetch(_PARTS, inspection)
        return {row["part"]: frozenset(row["subjects"]) for row in rows}

    async def expect_member(self, inspection: InspectionState, subject: str) -> None:
        """Raise NotOfTeam unless the order names `subject`. Of a pushed inspection no order is known here."""
        if not is_pushed(inspection) and subject not in (await self.parts(inspection.id)).get(TEAM, ()):
            raise NotOfTeam
