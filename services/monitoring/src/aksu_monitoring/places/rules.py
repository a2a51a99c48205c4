"""Where an inspection takes place, what follows from what is registered and licensed there, and who may see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol
from uuid import UUID

from aksu_shared.events import Scope
from aksu_shared.events.ingest import PlaceGiven
from aksu_shared.events.scope import row_scope
from aksu_shared.kernel.address import place_key

AGENCY: Final[Scope] = ("b:AKSU",)
"""The Agency alone: neither the provider nor the municipality."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The place as the inspection's source gives it: by the registry's id, by address, or both.

    `started_on` is the day whose licences count; of an inspection that has not started, the first of its period.
    """

    key: str | None
    place_id: UUID | None
    municipality: str | None
    settlement: str | None
    address: str | None
    provider_eik: str | None
    started_on: date

    @classmethod
    def of(cls, place: PlaceGiven, *, provider_eik: str | None, day: date) -> "Site":
        """The site of an inspection at this place on this day."""
        key = None
        if place.municipality and place.settlement and place.address:
            parts = place_key(
                municipality=place.municipality, settlement=place.settlement, address=place.address, eik=""
            )
            key = "|".join(parts)
        return cls(
            key=key,
            place_id=place.place_id,
            municipality=place.municipality,
            settlement=place.settlement,
            address=place.address,
            provider_eik=provider_eik,
            started_on=day,
        )


@dataclass(frozen=True, slots=True)
class ServiceThere:
    """A service provided at the place on the day: who runs it, and whether that takes a licence."""

    id: UUID
    body: str
    licence_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFacts:
    """What this service's copies know of a site on the day the inspection started; no `place_id`: not registered."""

    place_id: UUID | None
    municipality: str | None
    settlement: str | None
    address: str | None
    licensed: bool
    services: tuple[ServiceThere, ...]


def located(site: Site, facts: PlaceFacts, *, provider_body: str | None) -> dict[str, Any]:
    """The fields of an inspection that follow from where it is.

    `provider_body` is whom it was addressed to so far: a provider that took over later does not inherit that. The
    address of a place nobody registered may be somebody's home and stays out of the public state.
    """
    registered = facts.place_id is not None
    body = provider_body or _provider(site, facts)
    run_by = [service for service in facts.services if body in {None, service.body}]
    return {
        "place_id": facts.place_id or site.place_id,
        "service_id": run_by[0].id if len(run_by) == 1 else None,
        "provider_body": body,
        "municipality": facts.municipality or site.municipality,
        "settlement": facts.settlement or site.settlement,
        "address": facts.address if registered else None,
        "flags": _flags(facts, registered=registered),
    }


def _provider(site: Site, facts: PlaceFacts) -> str | None:
    if site.provider_eik:
        return f"PROVIDER:{site.provider_eik}"
    bodies = {service.body for service in facts.services}
    return bodies.pop() if len(bodies) == 1 else None


def _flags(facts: PlaceFacts, *, registered: bool) -> tuple[str, ...]:
    """A municipality's own service needs no licence (чл. 146 ЗСУ): with only such ones there, nothing is missing."""
    exempt = bool(facts.services) and not any(service.licence_required for service in facts.services)
    flags = [] if registered else ["PLACE_UNREGISTERED"]
    if not facts.licensed and not exempt:
        flags.append("NO_LICENCE")
    return tuple(flags)


def public_scope(municipality: str | None, provider_body: str | None) -> Scope:
    """Of what is public of an inspection: its own facts and its prescriptions' terms."""
    return row_scope(municipality, provider_body, public=True)


def restricted_scope(municipality: str | None, provider_body: str | None) -> Scope:
    """Of findings, texts and sites: the nation's, oblast's and municipality's bodies and the provider."""
    return row_scope(municipality, provider_body, public=False)


class Placed(Protocol):
    """Anything that is done at a place and addressed to its provider."""

    @property
    def municipality(self) -> str | None:
        """Where it is."""

    @property
    def provider_body(self) -> str | None:
        """To whom it is addressed."""


def whose(placed: Placed) -> Mapping[str, Any]:
    """An inspection or a prescription as an object of rights."""
    return {"territory": placed.municipality, "owner": placed.provider_body}
