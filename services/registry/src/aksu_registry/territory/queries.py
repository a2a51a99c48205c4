"""Hot reads of territories: PostgreSQL builds the JSON under the caller's scope (`aksu_shared.db.reads`)."""

from sqlalchemy import bindparam, select

from aksu_registry.territory.schemas import TerritoryRead
from aksu_registry.territory.tables import TerritoryTable as T
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.registry.territory import TerritoryEvent

_TERRITORY = select(
    T.code, T.level, T.name_bg, T.name_en, T.parent, T.nuts, T.population, T.age0_14, T.age65plus,
    T.valid_from, T.valid_to, T.version,
)  # fmt: skip
TERRITORIES = Page(
    columns=_TERRITORY,
    filters={"level": T.level == bindparam("level"), "parent": T.parent == bindparam("parent")},
    sorts={"code": (T.code,), "name_bg": (T.name_bg, T.code), "population": (T.population, T.code)},
)
TERRITORY_BY_CODE = Statement(_TERRITORY.where(T.code == bindparam("code")))

TERRITORY = Aggregate(
    fact=TerritoryEvent,
    table=table_of(T),
    readings=(Reading(TERRITORIES, TerritoryRead), Reading(TERRITORY_BY_CODE, TerritoryRead)),
)
