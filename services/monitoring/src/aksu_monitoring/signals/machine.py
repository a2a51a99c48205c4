"""Signals and complaints as a table of transitions (глава осма АПК)."""

from typing import Final

from aksu_shared.kernel.codelists import CODELISTS
from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.machine import Machine, Transition

SIGNAL_MACHINE: Final = Machine(
    name="signal",
    initial="RECEIVED",
    states=CODELISTS["signal_states"],
    transitions=(
        Transition(
            name="triage",
            sources=("RECEIVED", "TRIAGED"),
            target="TRIAGED",
            action="monitoring.signal.triage",
            needs=("category", "danger_to_life"),
            legal_basis="чл. 114 АПК",
            text=Text("Разпределяне", "Triage"),
        ),
        Transition(
            name="lower_danger",
            sources=("TRIAGED",),
            target="TRIAGED",
            action="monitoring.signal.lower_danger",
            needs=("explanation",),
            four_eyes="triage",
            legal_basis="чл. 52 НКСУ",
            text=Text("Отпадане на опасността за живота", "Find no danger to life"),
        ),
        Transition(
            name="forward",
            sources=("TRIAGED",),
            target="FORWARDED",
            action="monitoring.signal.forward",
            needs=("body", "text"),
            legal_basis="чл. 112 АПК",
            text=Text("Препращане по компетентност", "Forward to the competent body"),
        ),
        Transition(
            name="plan_inspection",
            sources=("TRIAGED",),
            target="INSPECTION_PLANNED",
            action="monitoring.signal.decide",
            legal_basis="чл. 121 АПК",
            text=Text("Решение за проверка", "Decide on an inspection"),
        ),
        Transition(
            name="refuse",
            sources=("TRIAGED",),
            target="REFUSED",
            action="monitoring.signal.decide",
            needs=("ground", "explanation"),
            legal_basis="чл. 121 и чл. 124 АПК",
            text=Text("Мотивиран отказ", "Refuse with reasons"),
        ),
        Transition(
            name="close",
            sources=("INSPECTION_PLANNED",),
            target="CLOSED",
            action="monitoring.signal.decide",
            needs=("inspection_id",),
            legal_basis="чл. 121 АПК",
            text=Text("Приключване с проверка", "Close by an inspection"),
        ),
    ),
)
