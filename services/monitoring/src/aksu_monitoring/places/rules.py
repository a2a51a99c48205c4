"""Where an inspection takes place, what follows from what is registered and licensed there, and who may see it."""

from collections.abc import Iterable, Mapping
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

    @classmethod
    def registered(cls, place_id: UUID | None, *, day: date) -> "Site":
        """The site of an inspection that started on this day at a place of the registry, or of none."""
        where = dict.fromkeys(("key", "municipality", "settlement", "address", "provider_eik"))
        return cls(place_id=place_id, started_on=day, **where)


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


def stated_provider(eik: str | None) -> str | None:
    """The body of the provider whom the source of an inspection names."""
    return f"PROVIDER:{eik}" if eik else None


def located(site: Site, facts: PlaceFacts, *, provider_body: str | None) -> dict[str, Any]:
    """The fields of an inspection that follow from where it is made, as known when it is planned or starts.

    `provider_body` is whom it is addressed to by the word of its source or of an inspector. Who runs a service at the
    place is not asked: anybody may register one there. An address that nobody registered may be somebody's home; it is
    withheld for good, and so is the id by which a later registration would tell it.
    """
    registered = facts.place_id is not None
    return {
        "place_id": facts.place_id or site.place_id,
        "service_id": service_of(facts, provider_body),
        "municipality": facts.municipality or site.municipality,
        "settlement": facts.settlement or site.settlement,
        "address": facts.address if registered else None,
        "address_withheld": not registered and site.place_id is None,
        "flags": flags_of(facts),
        "flags_contradicted": (),
    }


def service_of(facts: PlaceFacts, provider_body: str | None) -> UUID | None:
    """The service that the provider runs at the place, if it is one."""
    run_by = [service.id for service in facts.services if service.body == provider_body]
    return run_by[0] if len(run_by) == 1 else None


def followed(flags: tuple[str, ...], facts: PlaceFacts) -> dict[str, Any]:
    """The fields of an inspection that has started which follow its registered place; none while that is unknown.

    `flags` say what was known on the day and stay; those that would not be raised by what is known now are told apart.
    """
    if facts.place_id is None:
        return {"flags_contradicted": ()}
    now = flags_of(facts)
    return {
        "municipality": facts.municipality,
        "settlement": facts.settlement,
        "address": facts.address,
        "flags_contradicted": tuple(flag for flag in flags if flag not in now),
    }


def flags_of(facts: PlaceFacts) -> tuple[str, ...]:
    """What is missing. A municipality's own service needs no licence (чл. 146 ЗСУ): with only such ones, nothing is."""
    exempt = bool(facts.services) and not any(service.licence_required for service in facts.services)
    flags = ["PLACE_UNREGISTERED"] if facts.place_id is None else []
    if not facts.licensed and not exempt:
        flags.append("NO_LICENCE")
    return tuple(flags)


def public_scope(municipality: str | None, provider_body: str | None) -> Scope:
    """Of what is public of an inspection: its own facts and its prescriptions' terms."""
    return row_scope(municipality, provider_body, public=True)


def restricted_scope(municipality: str | None, provider_body: str | None, participants: Iterable[str] = ()) -> Scope:
    """Of findings, texts and sites: the Agency, the mayor (чл. 25, ал. 2, т. 8 ЗСУ), the addressee, who takes part.

    Keys of bodies, none of a territory: other bodies there have no part in the inspection.
    """
    mayor = f"MUNICIPALITY:{municipality}" if municipality else None
    bodies = dict.fromkeys((mayor, provider_body, *participants))
    return (*AGENCY, *(f"b:{body}" for body in bodies if body))


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
