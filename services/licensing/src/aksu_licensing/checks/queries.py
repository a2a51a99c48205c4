"""Hot reads of checks of managers: what their list shows, and by what it is filtered and sorted."""

from sqlalchemy import bindparam, select

from aksu_licensing.checks.schemas import ManagerCheckRead
from aksu_licensing.checks.tables import ManagerCheckTable as M
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.tables import table_of
from aksu_shared.events.licensing.checks import ManagerCheckEvent
from aksu_shared.privacy.people import people_of

MANAGER_CHECKS = Page(
    columns=select(
        M.id, M.application_id, M.position, M.source, M.checked_at, M.checked_by, M.version,
        people_of(M.id).label("people"),
    ),
    filters={"application_id": M.application_id == bindparam("application_id")},
    sorts={"checked_at": (M.checked_at, M.id)},
)  # fmt: skip

_MADE = {"people": ("subject_id", "name", "egn", "result", "erased", "restricted")}
MANAGER_CHECK = Aggregate(
    fact=ManagerCheckEvent,
    table=table_of(M),
    readings=(Reading(MANAGER_CHECKS, ManagerCheckRead, made=_MADE),),
)
