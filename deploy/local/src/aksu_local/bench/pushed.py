"""Pushed inspections as another system would send them: CloudEvents, four to an inspection."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

SYSTEM: Final = "bench-inspections"
PATH: Final = "/v1/inspection-events"
BATCH_TYPE: Final = {"Content-Type": "application/cloudevents-batch+json"}
BATCH: Final = 100


def batch(number: int, run: str, *, places: Sequence[str], today: date) -> list[dict[str, Any]]:
    """The n-th batch of a run: 25 inspections of 4 events each, at the given places in turn."""
    per_batch = BATCH // 4
    return [
        event
        for index in range(number * per_batch, (number + 1) * per_batch)
        for event in inspection(f"{run}-{index}", place=places[index % len(places)], today=today)
    ]


def inspection(reference: str, *, place: str, today: date) -> list[dict[str, Any]]:
    """Started, a finding, a prescription, closed."""
    due = str(today + timedelta(days=30))
    note = "Примерна констатация: липсва актуален индивидуален план."
    data: list[tuple[str, dict[str, Any]]] = [
        ("started", {"kind": "PLANNED", "place": {"place_id": place}, "started_on": str(today)}),
        (
            "finding",
            {"standard": "1", "criterion": "1.1", "catalogue_version": "2022", "result": "NOT_MET", "note": note},
        ),
        ("prescription", {"reference": "П-1", "text": "Примерно предписание.", "issued_on": str(today), "due_on": due}),
        ("closed", {"closed_on": str(today), "outcome": "PRESCRIPTIONS", "last_sequence": 4}),
    ]
    return [
        {
            "specversion": "1.0",
            "id": f"{reference}-{sequence}",
            "source": f"/integrations/{SYSTEM}",
            "type": f"bg.aksu.ingest.inspection.{name}.v1",
            "subject": reference,
            "sequence": str(sequence),
            "datacontenttype": "application/json",
            "data": content,
        }
        for sequence, (name, content) in enumerate(data, start=1)
    ]


def encoded(events: Sequence[dict[str, Any]]) -> bytes:
    """The bytes of a batch."""
    return json.dumps(events, ensure_ascii=False).encode()
