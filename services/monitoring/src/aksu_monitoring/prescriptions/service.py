"""Prescriptions: proposed with an inspection, or issued where it was pushed from; what is kept of their fulfilment."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_monitoring.places.rules import AGENCY, restricted_scope
from aksu_monitoring.prescriptions.errors import OwnProposal
from aksu_monitoring.prescriptions.machine import PRESCRIPTION_MACHINE
from aksu_monitoring.prescriptions.rules import prescription_scope
from aksu_monitoring.prescriptions.store import PrescriptionStore
from aksu_monitoring.texts.store import RestrictedText, RestrictedTextStore
from aksu_shared.db.store import begins
from aksu_shared.events.base import Event
from aksu_shared.events.ingest import Prescription
from aksu_shared.events.monitoring.inspections import InspectionState
from aksu_shared.events.monitoring.prescriptions import (
    PrescriptionIssued,
    PrescriptionProposed,
    PrescriptionState,
)
from aksu_shared.procedures.context import Context

_ISSUED: Final = PRESCRIPTION_MACHINE.leads(PRESCRIPTION_MACHINE.initial, "issue").target


class PrescriptionService:
    """Takes prescriptions from inspections; `PRESCRIPTION_STEPS` moves them on."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.store = PrescriptionStore(context.work)
        self._texts = RestrictedTextStore(context.work)

    async def propose(self, inspection: InspectionState, prescriptions: Iterable[Prescription]) -> None:
        """Propose the prescriptions of an inspection to the executive director; nobody else learns of them."""
        texts = []
        for prescription in prescriptions:
            issued, text = prescription_of(inspection, prescription)
            proposed = issued.state.with_changes(
                {"state": PRESCRIPTION_MACHINE.initial, "issued_on": None, "proposed_on": self.context.today}
            )
            self.store.save(begins(PrescriptionProposed, proposed, id=issued.id, scope=AGENCY))
            texts.append(replace(text, scope=AGENCY))
        await self._texts.add(texts)

    async def check_proposal(self, state: PrescriptionState, actor: str) -> None:
        """Raise OwnProposal when `actor` proposed it."""
        if actor in await self.store.proposers(state.inspection_id):
            raise OwnProposal

    async def announce(self, state: PrescriptionState) -> None:
        """Show its text to those whom it concerns, now that it is issued."""
        await self._texts.rescope({state.id: restricted_scope(state.municipality, state.provider_body)})

    async def unsettled(self, inspection: UUID) -> int:
        """How many prescriptions of an inspection are not settled, those proposed included; they are locked."""
        return sum(each.state.state_group != "SETTLED" for each in await self.store.of([inspection]))

    async def keep_proof(self, state: PrescriptionState, proof: str) -> None:
        """Keep what shows the fulfilment, for those concerned alone."""
        scope = restricted_scope(state.municipality, state.provider_body)
        await self._texts.add([RestrictedText(state.id, "PROOF", proof, scope)])


def prescription_of(inspection: InspectionState, data: Prescription) -> tuple[Event[PrescriptionState], RestrictedText]:
    """The event of a prescription's issue, and its text, which no event carries."""
    state = PrescriptionState(
        id=uuid7(),
        inspection_id=inspection.id,
        reference=data.reference,
        municipality=inspection.municipality,
        place_id=inspection.place_id,
        provider_body=inspection.provider_body,
        state=_ISSUED,
        issued_on=data.issued_on,
        due_on=data.due_on,
    )
    issued = begins(PrescriptionIssued, state, id=str(state.id), scope=prescription_scope(state))
    restricted = restricted_scope(inspection.municipality, inspection.provider_body)
    return issued, RestrictedText(state.id, "TEXT", data.text, restricted)
