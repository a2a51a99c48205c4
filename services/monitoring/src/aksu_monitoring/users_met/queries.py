"""Users met as they are read: PostgreSQL builds the JSON under the caller's scope."""

from typing import Final

from sqlalchemy import bindparam, select

from aksu_monitoring.users_met.schemas import USER_MET
from aksu_shared.db.reads import Page
from aksu_shared.privacy.people import PERSON, SUBJECTS

USERS_MET: Final = Page(
    columns=select(*PERSON).where(SUBJECTS.kind == USER_MET),
    filters={"inspection_id": SUBJECTS.row_id == bindparam("inspection_id")},
    sorts={"recorded_at": (SUBJECTS.created_at, SUBJECTS.id)},
)
