"""Hot reads of providers."""

from sqlalchemy import bindparam, select

from aksu_registry.providers.schemas import ProviderRead
from aksu_registry.providers.tables import ProviderTable as P
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.registry.providers import ProviderEvent

_PROVIDER = select(
    P.id,
    P.body,
    P.eik,
    P.name,
    P.legal_form,
    P.legal_form_confirmed,
    P.licence_required,
    P.seat_municipality,
    P.seat_address,
    P.version,
)
PROVIDERS = Page(
    columns=_PROVIDER,
    filters={
        "eik": P.eik == bindparam("eik"),
        "legal_form": P.legal_form == bindparam("legal_form"),
        "licence_required": P.licence_required == bindparam("licence_required"),
        "seat_municipality": P.seat_municipality == bindparam("seat_municipality"),
    },
    sorts={"name": (P.name, P.id), "id": (P.id,)},
)
PROVIDER_BY_ID = Statement(_PROVIDER.where(P.id == bindparam("id")))

PROVIDER = Aggregate(
    fact=ProviderEvent,
    table=table_of(P),
    readings=(Reading(PROVIDERS, ProviderRead), Reading(PROVIDER_BY_ID, ProviderRead)),
)
