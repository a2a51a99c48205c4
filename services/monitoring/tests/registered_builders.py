"""Places, services and licences as the registry and licensing tell of them."""

from datetime import date
from typing import Any
from uuid import UUID

from monitoring_builders import EIK
from uuid_utils.compat import uuid7

from aksu_shared.db.store import begins
from aksu_shared.events import Event
from aksu_shared.events.licensing.licences import LicenceImported, LicenceState
from aksu_shared.events.registry.places import PlaceRegistered, PlaceState
from aksu_shared.events.registry.services import ServiceRegistered, ServiceState
from aksu_shared.events.scope import row_scope
from aksu_shared.kernel.address import place_key

SCOPE = row_scope("BLG03", public=True)


def place(place_id: UUID | None = None, **changes: str) -> Event[PlaceState]:
    where = {"municipality": "BLG03", "settlement": "град Благоевград", "address": "улица Примерна № 1"} | changes
    key = place_key(**where, eik="")
    state = PlaceState(id=place_id or uuid7(), key="|".join(key), **where)
    return begins(PlaceRegistered, state, id=str(state.id), scope=SCOPE)


def service(at: Event[PlaceState], *, body: str = f"PROVIDER:{EIK}", required: bool = True) -> Event[ServiceState]:
    state = ServiceState(
        id=uuid7(), name="Дом", kind="HOME_ELDERLY", activity_groups=(), target_groups=("ELDERLY",),
        financing="PRIVATE", management=None, capacity=20, state="ACTIVE", licence_required=required,
        provider_id=uuid7(), provider_body=body, provider_name="Доставчик",
        operator_id=None, operator_body=None, operator_name=None, place_id=at.state.id,
        municipality="BLG03", settlement="гр. Благоевград", address="ул. Примерна 1", started_on=None,
    )  # fmt: skip
    return begins(ServiceRegistered, state, id=str(state.id), scope=SCOPE)


def licence(at: Event[PlaceState], **changes: Any) -> Event[LicenceState]:
    fields = {
        "id": uuid7(), "number": "Л-3129-1/01.01.2024", "sequence": 1, "state": "ACTIVE", "origin": "IMPORTED",
        "kind": "ORIGINAL", "service_id": uuid7(), "provider_id": uuid7(), "provider_body": f"PROVIDER:{EIK}",
        "provider_name": "Доставчик", "place_id": at.state.id, "municipality": "BLG03", "issued_on": date(2024, 1, 1),
        "valid_from": date(2024, 1, 1), "valid_until": date(2028, 12, 31),
    }  # fmt: skip
    state = LicenceState.model_validate(fields | changes)
    return begins(LicenceImported, state, id=str(state.id), scope=SCOPE)
