"""Prescriptions: issued with an inspection, whichever way that came, and what is kept of their fulfilment."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_monitoring.places.rules import public_scope, restricted_scope
from aksu_monitoring.prescriptions.machine import PRESCRIPTION_MACHINE
from aksu_monitoring.prescriptions.store import PrescriptionStore
from aksu_monitoring.texts.store import RestrictedText, RestrictedTextStore
from aksu_shared.db.store import begins
from aksu_shared.events.base import Event
from aksu_shared.events.ingest import Prescription
from aksu_shared.events.monitoring.inspections import InspectionState
from aksu_shared.events.monitoring.prescriptions import PrescriptionIssued, PrescriptionState
from aksu_shared.procedures.context import Context

_ISSUED: Final = PRESCRIPTION_MACHINE.leads(PRESCRIPTION_MACHINE.initial, "issue").target


class PrescriptionService:
    """Issues prescriptions; `PRESCRIPTION_STEPS` moves them on."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.store = PrescriptionStore(context.work)
        self._texts = RestrictedTextStore(context.work)

    async def issue(self, inspection: InspectionState, prescriptions: Iterable[Prescription]) -> None:
        """Issue the prescriptions of an inspection."""
        texts = []
        for prescription in prescriptions:
            event, text = prescription_of(inspection, prescription)
            self.store.save(event)
            texts.append(text)
        await self._texts.add(texts)

    async def unsettled(self, inspection: UUID) -> int:
        """How many prescriptions of an inspection are neither verified as fulfilled nor annulled; they are locked."""
        return sum(each.state.state_group == "OPEN" for each in await self.store.of([inspection]))

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
    issued = begins(
        PrescriptionIssued,
        state,
        id=str(state.id),
        scope=public_scope(inspection.municipality, inspection.provider_body),
    )
    restricted = restricted_scope(inspection.municipality, inspection.provider_body)
    return issued, RestrictedText(state.id, "TEXT", data.text, restricted)
