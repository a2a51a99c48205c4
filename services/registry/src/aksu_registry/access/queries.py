"""Hot reads of revoked access, and of requests for it."""

from sqlalchemy import bindparam, select

from aksu_registry.access.schemas import AccessRequestRead, RevocationRead
from aksu_registry.access.tables import AccessRequestTable as R
from aksu_shared.db.access import ACCESS_REVOCATION
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.registry.access import AccessEvent
from aksu_shared.events.registry.access_requests import AccessRequestEvent

_A = ACCESS_REVOCATION.c
REVOCATIONS = Page(
    columns=select(_A.id, _A.not_before, _A.version), filters={}, sorts={"not_before": (_A.not_before, _A.id)}
)
_REQUEST = select(R.id, R.subject, R.reason, R.requested_by, R.accountable, R.confirmed_by, R.state, R.version)
REQUESTS = Page(columns=_REQUEST, filters={"state": R.state == bindparam("state")}, sorts={"id": (R.id,)})
REQUEST_BY_ID = Statement(_REQUEST.where(R.id == bindparam("id")))

REVOCATION = Aggregate(fact=AccessEvent, table=ACCESS_REVOCATION, readings=(Reading(REVOCATIONS, RevocationRead),))
ACCESS_REQUEST = Aggregate(
    fact=AccessRequestEvent,
    table=table_of(R),
    readings=(Reading(REQUESTS, AccessRequestRead), Reading(REQUEST_BY_ID, AccessRequestRead)),
)
