"""Hot reads of places."""

from sqlalchemy import bindparam, select

from aksu_registry.places.tables import PlaceTable as L
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement

_PLACE = select(L.id, L.municipality, L.settlement, L.address, L.version)
PLACES = Page(
    columns=_PLACE,
    filters={
        "municipality": L.municipality == bindparam("municipality"),
        "settlement": L.settlement == bindparam("settlement"),
    },
    sorts={"id": (L.id,), "municipality": (L.municipality, L.id)},
)
PLACE_BY_ID = Statement(_PLACE.where(L.id == bindparam("id")))
