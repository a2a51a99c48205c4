"""Hot reads of services."""

from sqlalchemy import Text, bindparam, cast, func, select

from aksu_registry.services.schemas import ServiceRead
from aksu_registry.services.tables import ServiceTable as S
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.registry.services import ServiceEvent

_SERVICE = select(
    S.id, S.name, S.kind, S.activity_groups, S.target_groups, S.financing, S.management, S.capacity, S.state,
    S.licence_required, S.provider_id, S.provider_body, S.provider_name, S.operator_id, S.operator_body,
    S.operator_name, S.place_id, S.municipality, S.settlement, S.address, S.started_on, S.closed_on, S.version,
)  # fmt: skip
_OBLAST = cast(bindparam("oblast"), Text)
SERVICES = Page(
    columns=_SERVICE,
    filters={
        "municipality": S.municipality == bindparam("municipality"),
        "oblast": S.municipality.between(func.concat(_OBLAST, "00"), func.concat(_OBLAST, "99")),
        "kind": S.kind == bindparam("kind"),
        "financing": S.financing == bindparam("financing"),
        "state": S.state == bindparam("state"),
        "provider_id": S.provider_id == bindparam("provider_id"),
        "operator_id": S.operator_id == bindparam("operator_id"),
        "place_id": S.place_id == bindparam("place_id"),
    },
    sorts={"name": (S.name, S.id), "municipality": (S.municipality, S.name, S.id), "id": (S.id,)},
)
SERVICE_BY_ID = Statement(_SERVICE.where(S.id == bindparam("id")))

SERVICE = Aggregate(
    fact=ServiceEvent,
    table=table_of(S),
    readings=(Reading(SERVICES, ServiceRead), Reading(SERVICE_BY_ID, ServiceRead)),
    beside={"claim": "keeps two active services from being the same; follows from the state (`ServiceStore.save`)"},
)
