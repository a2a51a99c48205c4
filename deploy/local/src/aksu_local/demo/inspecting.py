"""Step 4: an external system pushes an inspection in three modes, in disorder, repeated, and contradicted."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aksu_local.demo.licensing import MUNICIPALITY, Licensed
from aksu_local.demo.stage import Stage
from aksu_local.legal_clock import legal_now
from aksu_shared.kernel.clock import legal_day

PATH = "/v1/inspection-events"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
SYSTEM = "demo-inspections"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """How many inspections were pushed, and the municipality's summary before them."""

    pushed: int
    before: dict[str, Any]


async def push_inspection(stage: Stage, *, licensed: Licensed) -> Inspected:
    """POST /v1/inspection-events: started, finding, prescription, closed, in the order 3, 1, 4, 2."""
    stage.step("4. Inspection pushed by an external system, as CloudEvents in any order")
    before = await stage.get("reporting", f"/v1/territory/{MUNICIPALITY}/summary")
    token = stage.platform.token("integration", subject=SYSTEM)
    events = _inspection(stage, "insp-1", {"place_id": licensed.service["place_id"]})
    third = await _structured(stage, events[2], token)
    stage.check("prescription (3rd) pushed first, structured", got=_results(third), want=["accepted"])
    first = await _binary(stage, events[0], token)
    stage.check("started (1st), binary", got=_results(first), want=["accepted"])
    rest = await _batch(stage, [events[3], events[1]], token)
    stage.check("closed (4th) and finding (2nd), batch", got=_results(rest), want=["accepted", "accepted"])
    await _visible(stage, before)
    again = await _batch(stage, events, token)
    stage.check("all four again", got=_results(again), want=["duplicate"] * 4)
    other = events[0] | {"data": events[0]["data"] | {"kind": "SIGNAL"}}
    refused = await _structured(stage, other, token, expect=422)
    stage.check("same id, other content", got=_results(refused), want=["conflict"])
    await _unregistered(stage, token)
    return Inspected(pushed=2, before=before)


async def _visible(stage: Stage, before: dict[str, Any]) -> None:
    async def inspections() -> int:
        summary = await stage.get("reporting", f"/v1/territory/{MUNICIPALITY}/summary")
        total: int = summary["inspections"]["total"]
        return total

    took = await stage.until("inspections in the summary", inspections, want=before["inspections"]["total"] + 1)
    within = stage.visible_within
    stage.holds(
        f"visible {took:.0f} ms after the push was answered, within {within:g} s", condition=took <= within * 1000
    )


async def _unregistered(stage: Stage, token: str) -> None:
    """A place nobody registered is accepted, and flagged."""
    place = {"municipality": MUNICIPALITY, "settlement": "с. Примерно", "address": "ул. Неизвестна 1"}
    events = _inspection(stage, "insp-2", place, kind="UNLICENSED_SITE")
    pushed = await _batch(stage, events[:1], token)
    stage.check("an inspection at a place nobody registered", got=_results(pushed), want=["accepted"])

    async def flags() -> list[str]:
        path = f"/v1/inspections?municipality={MUNICIPALITY}&kind=UNLICENSED_SITE"
        items = (await stage.get("monitoring", path))["items"]
        return sorted(items[0]["flags"]) if items else []

    await stage.until("it is flagged", flags, want=["NO_LICENCE", "PLACE_UNREGISTERED"])


def _inspection(stage: Stage, reference: str, place: dict[str, Any], *, kind: str = "PLANNED") -> list[dict[str, Any]]:
    today = legal_day(legal_now(stage.platform.folder.clock))
    due = str(today + timedelta(days=30))
    data = [
        ("started", {"kind": kind, "place": place, "started_on": str(today)}),
        ("finding", {"standard": "1", "criterion": "1.1", "catalogue_version": "2022", "result": "NOT_MET"}),
        ("prescription", {"reference": "П-1", "text": "Примерно предписание.", "issued_on": str(today), "due_on": due}),
        ("closed", {"closed_on": str(today), "outcome": "PRESCRIPTIONS", "last_sequence": 4}),
    ]
    return [
        {
            "specversion": "1.0",
            "id": f"{reference}-{number}",
            "source": f"/integrations/{SYSTEM}",
            "type": f"bg.aksu.ingest.inspection.{name}.v1",
            "subject": reference,
            "sequence": str(number),
            "datacontenttype": "application/json",
            "data": content,
        }
        for number, (name, content) in enumerate(data, start=1)
    ]


async def _structured(stage: Stage, event: dict[str, Any], token: str, *, expect: int = 202) -> dict[str, Any]:
    return await _send(stage, json.dumps(event), {"Content-Type": STRUCTURED}, token, expect)


async def _batch(stage: Stage, events: list[dict[str, Any]], token: str) -> dict[str, Any]:
    return await _send(stage, json.dumps(events), {"Content-Type": BATCH}, token, 202)


async def _binary(stage: Stage, event: dict[str, Any], token: str) -> dict[str, Any]:
    attributes = {f"ce-{name}": str(value) for name, value in event.items() if name not in {"data", "datacontenttype"}}
    headers = attributes | {"Content-Type": "application/json"}
    return await _send(stage, json.dumps(event["data"]), headers, token, 202)


async def _send(stage: Stage, content: str, headers: dict[str, str], token: str, expect: int) -> dict[str, Any]:
    answer = await stage.ask(
        "POST", "monitoring", PATH, token=token, headers=headers, content=content.encode(), expect=expect
    )
    document: dict[str, Any] = answer.json()
    return document


def _results(answer: dict[str, Any]) -> list[str]:
    return [item["result"] for item in answer["items"]]
