"""Hot reads of bodies."""

from sqlalchemy import bindparam, select

from aksu_registry.bodies.schemas import BodyRead
from aksu_registry.bodies.tables import BodyTable as B
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.registry.bodies import BodyEvent

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
BODY_BY_CODE = Statement(_BODY.where(B.code == bindparam("code")))

BODY = Aggregate(
    fact=BodyEvent,
    table=table_of(B),
    readings=(Reading(BODIES, BodyRead), Reading(BODY_BY_CODE, BodyRead)),
)
