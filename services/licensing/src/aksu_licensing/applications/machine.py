"""The procedure of an application as a table of transitions (чл. 146–160 ЗСУ)."""

from typing import Final

from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.machine import Machine, Transition

_LICENSING = "чл. 146–160 ЗСУ"
_DECISION = "чл. 151, ал. 1 ЗСУ"
_COMMUNICATION = "чл. 151, ал. 2 ЗСУ"
_RECEIPT = "чл. 150, ал. 1 ЗСУ"

DECISION_IS_REFUSAL = "decision_is_refusal"
"""Guard: the order that was communicated refuses the application."""
RECEIPT_IS_UNCONFIRMED = "receipt_is_unconfirmed"
"""Guard: the day of receipt is another than that of filing, and one person alone has said so."""

APPLICATION_MACHINE: Final = Machine(
    name="application",
    initial="DRAFT",
    states=CODELISTS["application_states"],
    transitions=(
        Transition(
            name="submit",
            sources=("DRAFT",),
            target="SUBMITTED",
            action="licensing.application.submit",
            legal_basis="чл. 149 ЗСУ",
            text=Text("Подаване", "Submit"),
        ),
        Transition(
            name="register",
            sources=("SUBMITTED",),
            target="REGISTERED",
            action="licensing.application.register",
            needs=("incoming_number", "received_on"),
            legal_basis=_RECEIPT,
            text=Text("Входиране", "Register"),
        ),
        Transition(
            name="confirm_receipt",
            sources=("REGISTERED",),
            target="REGISTERED",
            action="licensing.application.confirm_receipt",
            guard=RECEIPT_IS_UNCONFIRMED,
            four_eyes="register",
            legal_basis=_RECEIPT,
            text=Text("Потвърждаване на деня на получаване", "Confirm the day of receipt"),
        ),
        Transition(
            name="reject_receipt",
            sources=("REGISTERED",),
            target="REGISTERED",
            action="licensing.application.confirm_receipt",
            needs=("reason",),
            guard=RECEIPT_IS_UNCONFIRMED,
            four_eyes="register",
            legal_basis=_RECEIPT,
            text=Text("Отхвърляне на деня на получаване", "Reject the day of receipt"),
        ),
        Transition(
            name="start_review",
            sources=("REGISTERED",),
            target="UNDER_REVIEW",
            action="licensing.application.review",
            legal_basis=_LICENSING,
            text=Text("Започване на разглеждане", "Start review"),
        ),
        Transition(
            name="request_correction",
            sources=("UNDER_REVIEW",),
            target="AWAITING_CORRECTION",
            action="licensing.application.review",
            needs=("reason", "due_on"),
            legal_basis=_LICENSING,
            text=Text("Искане за отстраняване на непълноти", "Request correction"),
        ),
        Transition(
            name="correct",
            sources=("AWAITING_CORRECTION",),
            target="UNDER_REVIEW",
            action="licensing.application.submit",
            legal_basis=_LICENSING,
            text=Text("Отстраняване на непълноти", "Correct"),
        ),
        Transition(
            name="discontinue",
            sources=("AWAITING_CORRECTION",),
            target="DISCONTINUED",
            action="licensing.application.review",
            needs=("reason",),
            legal_basis=_LICENSING,
            text=Text("Прекратяване на производството", "Discontinue"),
        ),
        Transition(
            name="order_site_check",
            sources=("UNDER_REVIEW",),
            target="SITE_CHECK",
            action="licensing.application.review",
            legal_basis=_LICENSING,
            text=Text("Проверка на място", "Order a site check"),
        ),
        Transition(
            name="complete_site_check",
            sources=("SITE_CHECK",),
            target="UNDER_REVIEW",
            action="licensing.application.review",
            needs=("result",),
            legal_basis=_LICENSING,
            text=Text("Приключване на проверката на място", "Complete the site check"),
        ),
        Transition(
            name="propose_grant",
            sources=("UNDER_REVIEW", "SITE_CHECK"),
            target="PROPOSED_GRANT",
            action="licensing.application.propose",
            needs=("reason",),
            legal_basis=_DECISION,
            text=Text("Предложение за издаване", "Propose to grant"),
        ),
        Transition(
            name="propose_refusal",
            sources=("UNDER_REVIEW", "SITE_CHECK"),
            target="PROPOSED_REFUSAL",
            action="licensing.application.propose",
            needs=("reason",),
            legal_basis=_DECISION,
            text=Text("Предложение за отказ", "Propose to refuse"),
        ),
        Transition(
            name="return_proposal",
            sources=("PROPOSED_GRANT", "PROPOSED_REFUSAL"),
            target="UNDER_REVIEW",
            action="licensing.application.decide",
            needs=("reason",),
            legal_basis=_LICENSING,
            text=Text("Връщане на предложението", "Return the proposal"),
        ),
        Transition(
            name="grant",
            sources=("PROPOSED_GRANT",),
            target="GRANTED",
            action="licensing.application.decide",
            needs=("order_number", "decided_on"),
            four_eyes="propose_grant",
            legal_basis=_DECISION,
            text=Text("Заповед за уважаване", "Grant"),
        ),
        Transition(
            name="refuse",
            sources=("PROPOSED_REFUSAL",),
            target="REFUSED",
            action="licensing.application.decide",
            needs=("order_number", "decided_on", "reason"),
            four_eyes="propose_refusal",
            legal_basis=_DECISION,
            text=Text("Заповед за отказ", "Refuse"),
        ),
        Transition(
            name="notify",
            sources=("GRANTED", "REFUSED"),
            target="NOTIFIED",
            action="licensing.application.notify",
            needs=("notified_on",),
            legal_basis=_COMMUNICATION,
            text=Text("Съобщаване на заявителя", "Notify the applicant"),
        ),
        Transition(
            name="appeal",
            sources=("NOTIFIED",),
            target="APPEALED",
            action="licensing.application.record_appeal",
            needs=("appealed_on",),
            guard=DECISION_IS_REFUSAL,
            legal_basis=_COMMUNICATION,
            text=Text("Обжалване на отказа", "Appeal the refusal"),
        ),
        Transition(
            name="uphold",
            sources=("APPEALED",),
            target="UPHELD",
            action="licensing.application.record_appeal",
            needs=("court_decision",),
            legal_basis="чл. 172 АПК",
            text=Text("Отказът е потвърден", "Refusal upheld"),
        ),
        Transition(
            name="annul",
            sources=("APPEALED",),
            target="ANNULLED_RETURNED",
            action="licensing.application.record_appeal",
            needs=("court_decision",),
            legal_basis="чл. 173 АПК",
            text=Text("Отказът е отменен", "Refusal annulled"),
        ),
        Transition(
            name="reopen",
            sources=("ANNULLED_RETURNED",),
            target="UNDER_REVIEW",
            action="licensing.application.review",
            legal_basis="чл. 173 АПК",
            text=Text("Ново разглеждане", "Review anew"),
        ),
        Transition(
            name="withdraw",
            sources=("DRAFT", "SUBMITTED", "REGISTERED", "UNDER_REVIEW", "AWAITING_CORRECTION", "SITE_CHECK"),
            target="WITHDRAWN",
            action="licensing.application.withdraw",
            legal_basis=_LICENSING,
            text=Text("Оттегляне", "Withdraw"),
        ),
    ),
)
