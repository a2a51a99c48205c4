"""What other systems push, complete and right; a test changes what it is about."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import httpx

from aksu_local.served import Served
from aksu_shared.events.ingest import CLOSED, FINDING, PRESCRIPTION, STARTED

SUBJECT = "portal"
SOURCE = f"/integrations/{SUBJECT}"
EIK = "130007884"
PROVIDER: dict[str, Any] = {"role": "provider", "body": f"PROVIDER:{EIK}"}
INSPECTOR: dict[str, Any] = {"role": "inspector", "body": "AKSU"}
ANALYST: dict[str, Any] = {"role": "aksu_analyst", "body": "AKSU"}
MAYOR: dict[str, Any] = {"role": "municipality_officer", "body": "MUNICIPALITY:BLG03"}
OTHER_MAYOR: dict[str, Any] = {"role": "municipality_officer", "body": "MUNICIPALITY:VAR06"}
ADDRESS = {"municipality": "BLG03", "settlement": "гр. Благоевград", "address": "ул. Примерна 1"}


def event(kind: str, sequence: int, data: dict[str, Any], attributes: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{kind.split('.')[4]}-{sequence}-{uuid4()}",
        "source": SOURCE,
        "subject": "R-1",
        "type": kind,
        "sequence": sequence,
        "time": "2026-03-01T09:00:00+02:00",
        "data": data,
    } | (attributes or {})


def started(sequence: int = 1, *, attributes: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    data = {"kind": "PLANNED", "place": ADDRESS, "provider_eik": EIK, "started_on": "2026-03-01"} | changes
    return event(STARTED, sequence, data, attributes)


def finding(sequence: int, *, attributes: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    data = {
        "standard": "1",
        "criterion": "1.2",
        "catalogue_version": "2022",
        "result": "NOT_MET",
        "note": "Липсва график",
    } | changes
    return event(FINDING, sequence, data, attributes)


def prescription(sequence: int, *, attributes: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    data = {
        "reference": f"П-{sequence}",
        "text": "Да се изготви график",
        "issued_on": "2026-03-05",
        "due_on": "2026-04-05",
    } | changes
    return event(PRESCRIPTION, sequence, data, attributes)


def closed(sequence: int, *, attributes: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    data = {"closed_on": "2026-03-10", "outcome": "PRESCRIPTIONS", "last_sequence": sequence} | changes
    return event(CLOSED, sequence, data, attributes)


def inspection(subject: str = "R-1") -> list[dict[str, Any]]:
    """A whole inspection: started, a finding, a prescription, closed."""
    named = {"subject": subject}
    return [
        started(attributes=named),
        finding(2, attributes=named),
        prescription(3, attributes=named),
        closed(4, attributes=named),
    ]


async def push(
    monitoring: Served,
    events: Sequence[dict[str, Any]],
    *,
    query: str = "",
    subject: str = SUBJECT,
    language: str = "bg",
) -> httpx.Response:
    """Push a batch."""
    return await monitoring.client.post(
        f"/v1/inspection-events{query}",
        content=json.dumps(events),
        headers=monitoring.headers("integration", None, subject=subject)
        | {"Content-Type": "application/cloudevents-batch+json", "Accept-Language": language},
    )


async def count(monitoring: Served, table: str) -> int:
    found: int = await monitoring.worker.fetchval(f"SELECT count(*) FROM {table}")
    return found
