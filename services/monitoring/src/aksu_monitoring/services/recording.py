"""Findings and prescriptions of an inspection, as they are recorded whichever way they came."""

from datetime import datetime

from uuid_utils.compat import uuid7

from aksu_monitoring.domain.machines import PRESCRIPTION
from aksu_monitoring.services.placing import public_scope, restricted_scope
from aksu_monitoring.storage.restricted import RestrictedText
from aksu_shared.db.store import begins
from aksu_shared.events.base import Event
from aksu_shared.events.ingest import Finding, Prescription
from aksu_shared.events.monitoring import (
    FindingRecorded,
    FindingState,
    InspectionState,
    PrescriptionIssued,
    PrescriptionState,
)

_ISSUED = PRESCRIPTION.fire(PRESCRIPTION.initial, "issue").target


def finding_of(
    inspection: InspectionState, data: Finding, *, number: int, at: datetime
) -> tuple[Event[FindingState], list[RestrictedText]]:
    """The event of a finding, and its note, which no event carries."""
    state = FindingState(
        id=uuid7(),
        inspection_id=inspection.id,
        number=number,
        municipality=inspection.municipality,
        standard=data.standard,
        criterion=data.criterion,
        catalogue_version=data.catalogue_version,
        result=data.result,
        recorded_at=at,
    )
    scope = restricted_scope(inspection.municipality, inspection.provider_body)
    texts = [RestrictedText(state.id, "NOTE", data.note, scope)] if data.note else []
    return begins(FindingRecorded, state, id=str(state.id), scope=scope), texts


def prescription_of(
    inspection: InspectionState, data: Prescription
) -> tuple[Event[PrescriptionState], list[RestrictedText]]:
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
    scope = public_scope(inspection.municipality, inspection.provider_body)
    restricted = restricted_scope(inspection.municipality, inspection.provider_body)
    texts = [RestrictedText(state.id, "TEXT", data.text, restricted)]
    return begins(PrescriptionIssued, state, id=str(state.id), scope=scope), texts
