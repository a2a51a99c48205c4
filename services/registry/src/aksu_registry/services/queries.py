"""Hot reads of the registry: what its lists and resources show, how they are filtered and sorted.

PostgreSQL builds the JSON from these under the caller's scope (`aksu_shared.db.reads`).
"""

from sqlalchemy import Text, bindparam, cast, func, select

from aksu_registry.tables import BodyTable as B
from aksu_registry.tables import PlaceTable as L
from aksu_registry.tables import ProviderTable as P
from aksu_registry.tables import ServiceTable as S
from aksu_registry.tables import TerritoryTable as T
from aksu_shared.db.access import ACCESS_REVOCATION
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement

_TERRITORY = select(
    T.code, T.level, T.name_bg, T.name_en, T.parent, T.nuts, T.population, T.age0_14, T.age65plus,
    T.valid_from, T.valid_to, T.version,
)  # fmt: skip
TERRITORIES = Page(
    columns=_TERRITORY,
    filters={"level": T.level == bindparam("level"), "parent": T.parent == bindparam("parent")},
    sorts={"code": (T.code,), "name_bg": (T.name_bg, T.code), "population": (T.population, T.code)},
)
TERRITORY = Statement(_TERRITORY.where(T.code == bindparam("code")))


_BODY = select(B.code, B.kind, B.level, B.name_bg, B.name_en, B.territory, B.parent, B.version)
BODIES = Page(
    columns=_BODY,
    filters={
        "kind": B.kind == bindparam("kind"),
        "level": B.level == bindparam("level"),
        "territory": B.territory == bindparam("territory"),
    },
    sorts={"code": (B.code,), "name_bg": (B.name_bg, B.code)},
)
BODY = Statement(_BODY.where(B.code == bindparam("code")))


_PROVIDER = select(
    P.id, P.body, P.eik, P.name, P.legal_form, P.licence_required, P.seat_municipality, P.seat_address, P.version
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
PROVIDER = Statement(_PROVIDER.where(P.id == bindparam("id")))


_PLACE = select(L.id, L.municipality, L.settlement, L.address, L.version)
PLACES = Page(
    columns=_PLACE,
    filters={
        "municipality": L.municipality == bindparam("municipality"),
        "settlement": L.settlement == bindparam("settlement"),
    },
    sorts={"id": (L.id,), "municipality": (L.municipality, L.id)},
)
PLACE = Statement(_PLACE.where(L.id == bindparam("id")))


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
SERVICE = Statement(_SERVICE.where(S.id == bindparam("id")))


_A = ACCESS_REVOCATION.c
REVOCATIONS = Page(
    columns=select(_A.id, _A.not_before, _A.version), filters={}, sorts={"not_before": (_A.not_before, _A.id)}
)
