"""Copies of the registry's places and services and of licences, and what they say about the site of an inspection."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Table

from aksu_monitoring.places.rules import PlaceFacts, ServiceThere, Site
from aksu_monitoring.places.tables import LicenceTable, PlaceTable, ServiceTable
from aksu_shared.db.projection import project
from aksu_shared.db.tables import table_of
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Event
from aksu_shared.events.licensing.licences import LicenceEvent
from aksu_shared.events.registry.places import PlaceEvent
from aksu_shared.events.registry.services import ServiceEvent
from aksu_shared.worker.copies import Copies, Copy

# One transaction at a time decides about inspections' places: of two that read and wrote past each other, the one
# adding an inspection and the one adding its place, neither would see the other.
_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended('monitoring.inspections', 0))"
_FACTS: Final = """
SELECT p.id, p.municipality, p.settlement, p.address, l.licensed, s.services
  FROM unnest($1::uuid[], $2::text[], $3::date[]) WITH ORDINALITY AS g(place_id, key, day, n)
  LEFT JOIN LATERAL (
    SELECT * FROM place WHERE id = g.place_id OR key = g.key
     ORDER BY (id = g.place_id) DESC NULLS LAST, id LIMIT 1) p ON true
 CROSS JOIN LATERAL (
    SELECT EXISTS (
      SELECT FROM licence
       WHERE place_id = coalesce(p.id, g.place_id) AND g.day BETWEEN valid_from AND effective_until) AS licensed) l
 CROSS JOIN LATERAL (
    SELECT json_agg(json_build_array(id, coalesce(operator_body, provider_body), licence_required) ORDER BY id) services
      FROM service
     WHERE place_id = p.id AND (started_on IS NULL OR started_on <= g.day)
       AND (closed_on IS NULL OR closed_on >= g.day)) s
 ORDER BY g.n"""
_TABLES: Final[dict[type[Event[Any]], Table]] = {
    PlaceEvent: table_of(PlaceTable),
    ServiceEvent: table_of(ServiceTable),
    LicenceEvent: table_of(LicenceTable),
}
COPIES: Final[Copies] = {fact: Copy(table) for fact, table in _TABLES.items()}
"""Event class of an aggregate → its copy here."""


class PlaceFactStore:
    """Keeps the copies and answers from them."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def alone(self) -> None:
        """Wait until no other transaction decides about places of inspections; holds until this one ends."""
        await (await self._begin()).execute(_ALONE)

    async def keep(self, aggregate: type[Event[Any]], events: Sequence[Event[Any]]) -> None:
        """Take over events of PlaceEvent, ServiceEvent or LicenceEvent."""
        await project(await self._begin(), _TABLES[aggregate], events)

    async def facts(self, sites: Sequence[Site]) -> list[PlaceFacts]:
        """What is known of each site, in their order."""
        rows = await (await self._begin()).fetch(
            _FACTS,
            [site.place_id for site in sites],
            [site.key for site in sites],
            [site.started_on for site in sites],
        )
        return [_facts(row) for row in rows]


def _facts(row: Any) -> PlaceFacts:  # noqa: ANN401 - asyncpg's record
    return PlaceFacts(
        place_id=row["id"],
        municipality=row["municipality"],
        settlement=row["settlement"],
        address=row["address"],
        licensed=row["licensed"],
        services=tuple(ServiceThere(*service) for service in row["services"] or ()),
    )
