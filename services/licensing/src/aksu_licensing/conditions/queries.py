"""The hot read of an application's conditions."""

from sqlalchemy import bindparam, select

from aksu_licensing.conditions.schemas import ConditionsRead
from aksu_licensing.conditions.tables import ConditionsTable as C
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.licensing.conditions import ConditionsEvent

CONDITIONS_OF_APPLICATION = Statement(
    select(C.id, C.application_id, C.procedure, C.provider_id, C.provider_body, C.conditions, C.version).where(
        C.application_id == bindparam("application")
    )
)

CONDITIONS = Aggregate(
    fact=ConditionsEvent, table=table_of(C), readings=(Reading(CONDITIONS_OF_APPLICATION, ConditionsRead),)
)
