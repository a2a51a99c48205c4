"""A mandatory prescription as a table of transitions (Quality Ordinance, ДВ 54/2022)."""

from typing import Final

from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.machine import Machine, Transition

_ORDINANCE: Final = "Наредба за качеството на социалните услуги (ДВ, бр. 54 от 2022 г.)"
_APPEAL: Final = "чл. 149, ал. 1 АПК"
_OPEN: Final = ("ISSUED", "ACKNOWLEDGED", "TERM_EXTENDED", "UPHELD")

PRESCRIPTION_MACHINE: Final = Machine(
    name="prescription",
    initial="PROPOSED",
    states=CODELISTS["prescription_states"],
    transitions=(
        Transition(
            name="issue",
            sources=("PROPOSED",),
            target="ISSUED",
            action="monitoring.prescription.issue",
            legal_basis="чл. 59, ал. 2 и 3 ЗСУ; чл. 42, ал. 2 и чл. 43 НКСУ",
            text=Text("Издаване", "Issue"),
        ),
        Transition(
            name="decline",
            sources=("PROPOSED",),
            target="DECLINED",
            action="monitoring.prescription.issue",
            needs=("reason",),
            legal_basis="чл. 42, ал. 2 НКСУ",
            text=Text("Отказ да бъде издадено", "Decline to issue"),
        ),
        Transition(
            name="acknowledge",
            sources=("ISSUED",),
            target="ACKNOWLEDGED",
            action="monitoring.prescription.acknowledge",
            legal_basis=_ORDINANCE,
            text=Text("Приемане за изпълнение", "Acknowledge"),
        ),
        Transition(
            name="extend_term",
            sources=("NOT_FULFILLED",),
            target="TERM_EXTENDED",
            action="monitoring.prescription.extend",
            needs=("due_on", "reason"),
            legal_basis="чл. 59, ал. 4 ЗСУ; чл. 44, ал. 3 НКСУ",
            text=Text("Допълнителен срок", "Give an additional term"),
        ),
        Transition(
            name="report_fulfilled",
            sources=(*_OPEN, "NOT_FULFILLED"),
            target="REPORTED_FULFILLED",
            action="monitoring.prescription.report",
            needs=("proof",),
            legal_basis=_ORDINANCE,
            text=Text("Докладване на изпълнение", "Report fulfilment"),
        ),
        Transition(
            name="verify",
            sources=("REPORTED_FULFILLED",),
            target="VERIFIED_FULFILLED",
            action="monitoring.prescription.verify",
            legal_basis=_ORDINANCE,
            text=Text("Потвърждаване на изпълнението", "Verify fulfilment"),
        ),
        Transition(
            name="not_fulfilled",
            sources=(*_OPEN, "REPORTED_FULFILLED"),
            target="NOT_FULFILLED",
            action="monitoring.prescription.verify",
            needs=("reason",),
            legal_basis=_ORDINANCE,
            text=Text("Установяване на неизпълнение", "Record non-fulfilment"),
        ),
        Transition(
            name="escalate",
            sources=("NOT_FULFILLED",),
            target="ESCALATED",
            action="monitoring.prescription.escalate",
            needs=("measure", "reason"),
            legal_basis="чл. 158 ЗСУ",
            text=Text("Отнасяне за акт или отнемане на лиценз", "Escalate to an act or to revocation"),
        ),
        Transition(
            name="appeal",
            sources=("ISSUED", "ACKNOWLEDGED", "TERM_EXTENDED"),
            target="APPEALED",
            action="monitoring.prescription.record_appeal",
            needs=("appealed_on",),
            legal_basis=_APPEAL,
            text=Text("Обжалване", "Appeal"),
        ),
        Transition(
            name="uphold",
            sources=("APPEALED",),
            target="UPHELD",
            action="monitoring.prescription.record_appeal",
            needs=("court_decision",),
            legal_basis="чл. 172 АПК",
            text=Text("Потвърждаване от съда", "Uphold"),
        ),
        Transition(
            name="annul",
            sources=("APPEALED",),
            target="ANNULLED",
            action="monitoring.prescription.record_appeal",
            needs=("court_decision",),
            legal_basis="чл. 173 АПК",
            text=Text("Отмяна от съда", "Annul"),
        ),
    ),
)
