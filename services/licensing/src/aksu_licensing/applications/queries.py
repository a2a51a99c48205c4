"""Hot reads of applications: what lists and single resources show, and by what lists are filtered and sorted."""

from sqlalchemy import BindParameter, Text, bindparam, func, select

from aksu_licensing.applications.schemas import ApplicationRead
from aksu_licensing.applications.tables import ApplicationTable as A
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.db.tables import table_of
from aksu_shared.events.licensing.applications import ApplicationEvent

_COLUMNS = select(
    A.id, A.procedure, A.state, A.state_group, A.service_id, A.service_name, A.provider_id, A.provider_body,
    A.provider_name, A.responsible_body, A.place_id, A.municipality, A.settlement, A.address, A.filed_on,
    A.held_licence_id, A.changed_on, A.late, A.request, A.incoming_number, A.received_on, A.receipt_unconfirmed,
    A.registered_by, A.term, A.term_due, A.term_basis, A.term_state, A.term_revision,
    A.clock_since, A.pauses, A.decision_due, A.overdue_after,
    A.proposed_by, A.proposed_on, A.decision, A.order_number, A.decided_on, A.notified_on, A.appealed_on,
    A.court_decision, A.note, A.licence_id, A.version,
)  # fmt: skip
_OBLAST: BindParameter[str] = bindparam("oblast", type_=Text)
APPLICATIONS = Page(
    columns=_COLUMNS,
    filters={
        "procedure": A.procedure == bindparam("procedure"),
        "state": A.state == bindparam("state"),
        "municipality": A.municipality == bindparam("municipality"),
        "oblast": A.municipality.between(func.concat(_OBLAST, "00"), func.concat(_OBLAST, "99")),
        "provider_body": A.provider_body == bindparam("provider_body"),
        "service_id": A.service_id == bindparam("service_id"),
        "incoming_number": A.incoming_number == bindparam("incoming_number"),
        "term_state": A.term_state == bindparam("term_state"),
        "due_before": A.term_due < bindparam("due_before"),
    },
    sorts={
        "filed_on": (A.filed_on, A.id),
        "term_due": (A.term_due, A.id),
        "municipality": (A.municipality, A.filed_on, A.id),
    },
)
APPLICATION_BY_ID = Statement(_COLUMNS.where(A.id == bindparam("id")))

APPLICATION = Aggregate(
    fact=ApplicationEvent,
    table=table_of(A),
    readings=(Reading(APPLICATIONS, ApplicationRead), Reading(APPLICATION_BY_ID, ApplicationRead)),
)
