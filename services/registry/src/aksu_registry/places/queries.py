"""Hot reads of places."""

from sqlalchemy import bindparam, select

from aksu_registry.places.schemas import PlaceRead
from aksu_registry.places.tables import PlaceTable as L
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.registry.places import PlaceEvent

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

PLACE = Aggregate(
    fact=PlaceEvent,
    table=table_of(L),
    readings=(Reading(PLACES, PlaceRead), Reading(PLACE_BY_ID, PlaceRead)),
    left_out={"key": "the folded address, by which a place is found again; `address` says where it is"},
)
