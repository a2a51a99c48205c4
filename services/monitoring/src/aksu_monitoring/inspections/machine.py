"""An inspection as a table of transitions (Quality Ordinance, ДВ 54/2022)."""

from typing import Final

from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.machine import Machine, Transition

_ORDINANCE: Final = "Наредба за качеството на социалните услуги (ДВ, бр. 54 от 2022 г.)"

NO_FOLLOW_UP_NEEDED: Final = "no_follow_up_needed"
"""Guard: every prescription of the inspection is verified as fulfilled or annulled."""

INSPECTION_MACHINE: Final = Machine(
    name="inspection",
    initial="PLANNED",
    states=CODELISTS["inspection_states"],
    transitions=(
        Transition(
            name="order",
            sources=("PLANNED",),
            target="ORDERED",
            action="monitoring.inspection.order",
            needs=("order_number", "team", "subject", "period"),
            legal_basis=_ORDINANCE,
            text=Text("Заповед за проверка", "Order"),
        ),
        Transition(
            name="start",
            sources=("ORDERED",),
            target="IN_PROGRESS",
            action="monitoring.inspection.conduct",
            needs=("started_on",),
            legal_basis=_ORDINANCE,
            text=Text("Започване", "Start"),
        ),
        Transition(
            name="record_access_denied",
            sources=("IN_PROGRESS",),
            target="ACCESS_DENIED",
            action="monitoring.inspection.conduct",
            needs=("reason",),
            legal_basis=_ORDINANCE,
            text=Text("Отказан достъп", "Record denied access"),
        ),
        Transition(
            name="draft_findings",
            sources=("IN_PROGRESS",),
            target="FINDINGS_DRAFTED",
            action="monitoring.inspection.conduct",
            legal_basis=_ORDINANCE,
            text=Text("Изготвяне на констатации", "Draft findings"),
        ),
        Transition(
            name="send_for_objections",
            sources=("FINDINGS_DRAFTED",),
            target="AWAITING_OBJECTIONS",
            action="monitoring.inspection.conduct",
            needs=("due_on",),
            legal_basis=_ORDINANCE,
            text=Text("Предоставяне за възражения", "Send for objections"),
        ),
        Transition(
            name="object",
            sources=("AWAITING_OBJECTIONS",),
            target="OBJECTED",
            action="monitoring.inspection.object",
            needs=("text",),
            legal_basis="чл. 40, ал. 2 НКСУ",
            text=Text("Възражения", "Object"),
        ),
        Transition(
            name="approve_report",
            sources=("AWAITING_OBJECTIONS", "OBJECTED"),
            target="REPORT_APPROVED",
            action="monitoring.inspection.approve",
            needs=("report_number",),
            four_eyes="draft_findings",
            legal_basis=_ORDINANCE,
            text=Text("Одобряване на доклада", "Approve the report"),
        ),
        Transition(
            name="close_no_findings",
            sources=("REPORT_APPROVED",),
            target="CLOSED_NO_FINDINGS",
            action="monitoring.inspection.conduct",
            legal_basis=_ORDINANCE,
            text=Text("Приключване без нарушения", "Close without findings"),
        ),
        Transition(
            name="close_with_prescriptions",
            sources=("REPORT_APPROVED",),
            target="CLOSED_WITH_PRESCRIPTIONS",
            action="monitoring.inspection.conduct",
            legal_basis=_ORDINANCE,
            text=Text("Приключване с предложени предписания", "Close, proposing prescriptions"),
        ),
        Transition(
            name="require_follow_up",
            sources=("CLOSED_WITH_PRESCRIPTIONS",),
            target="FOLLOW_UP_DUE",
            action="monitoring.inspection.conduct",
            needs=("due_on",),
            legal_basis=_ORDINANCE,
            text=Text("Определяне на последваща проверка", "Require a follow-up"),
        ),
        Transition(
            name="record_follow_up",
            sources=("FOLLOW_UP_DUE",),
            target="FOLLOW_UP_DONE",
            action="monitoring.inspection.conduct",
            needs=("follow_up_inspection",),
            legal_basis=_ORDINANCE,
            text=Text("Извършена последваща проверка", "Record the follow-up"),
        ),
        Transition(
            name="require_another_follow_up",
            sources=("FOLLOW_UP_DONE",),
            target="FOLLOW_UP_DUE",
            action="monitoring.inspection.conduct",
            needs=("due_on", "reason"),
            legal_basis=_ORDINANCE,
            text=Text("Нова последваща проверка", "Require another follow-up"),
        ),
        Transition(
            name="close",
            sources=("CLOSED_WITH_PRESCRIPTIONS", "FOLLOW_UP_DONE"),
            target="CLOSED",
            action="monitoring.inspection.approve",
            guard=NO_FOLLOW_UP_NEEDED,
            legal_basis=_ORDINANCE,
            text=Text("Окончателно приключване", "Close"),
        ),
        Transition(
            name="cancel",
            sources=("PLANNED", "ORDERED"),
            target="CANCELLED",
            action="monitoring.inspection.order",
            needs=("reason",),
            legal_basis=_ORDINANCE,
            text=Text("Отменяне", "Cancel"),
        ),
    ),
)
