"""One small world per service: objects in known places, of known owners, straight into the tables."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import reporting_builders as facts
from oracle import PUBLIC, Thing, public_row

from aksu_local.served import Served
from aksu_shared.events.base import Event

HERE: Final = "BLG03"
MAYOR: Final = f"MUNICIPALITY:{HERE}"
EIK: Final = "130007884"
PROVIDER: Final = f"PROVIDER:{EIK}"
OPERATOR: Final = "PROVIDER:175229303"
STAGING: Final = frozenset({"staging"})
REVOKING: Final = frozenset({"access"})


@dataclass(frozen=True)
class Target:
    """An object that a path can name."""

    key: str
    thing: Thing


@dataclass(frozen=True)
class World:
    """Objects by the parameter that names them, bodies to send, and what creating with such a body is about."""

    targets: Mapping[str, tuple[Target, ...]]
    bodies: Mapping[str, Any]
    created: Mapping[str, Thing]
    media: Mapping[str, str] = field(default_factory=dict)


async def put(pool: "asyncpg.Pool[Any]", table: str, row: Mapping[str, Any]) -> str:
    """Insert a row given as JSON; gives its id."""
    columns = ", ".join(f'"{name}"' for name in row)
    found = await pool.fetchval(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, $1) RETURNING id",
        json.loads(json.dumps(dict(row), default=str)),
    )
    return str(found)


async def put_fact(served: Served, table: str, fact: Event[Any], keys: Iterable[str], **beside: Any) -> str:
    """Insert the row of an aggregate with the state of a fact, seen by `keys`."""
    known = await served.worker.fetch(
        "SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1", table
    )
    row = fact.state.model_dump(mode="json") | {"id": fact.id, "version": 1, "scope": sorted(keys)} | beside
    return await put(served.worker, table, {name: row[name] for each in known if (name := each["name"]) in row})


async def build(served: Served) -> World:
    """The world of a service."""
    made = await BUILDERS[served.service](served)
    letter = await served.worker.fetchval(
        'INSERT INTO dead_letter (consumer, topic, partition, "offset", key, headers, value, reason) '
        "VALUES ('x', 'aksu.registry.service.v1', 0, 1, 'k', '{}', 'x', 'UNREADABLE') RETURNING id"
    )
    places = {
        "letter_id": (Target(str(letter), PUBLIC),),
        "name": (Target("financing", PUBLIC),),
        "aggregate": _OWNED[served.service],
    }
    return replace(made, targets=places | dict(made.targets))


_OWNED: Final = {
    "registry": (Target("service", PUBLIC),),
    "licensing": (Target("licence", PUBLIC),),
    "monitoring": (Target("inspection", PUBLIC),),
    "reporting": (),
}


async def _registry(served: Served) -> World:
    home = facts.service(municipality=HERE, provider_body=MAYOR, operator_body=OPERATOR, state="CLOSED")
    private = facts.service(municipality=HERE, provider_body=PROVIDER, state="CLOSED", financing="PRIVATE")
    provider = facts.provider(body=PROVIDER, eik=EIK, seat_municipality=HERE)
    place = facts.place(municipality=HERE)
    area = next(fact for fact in facts.territories() if fact.id == "BLG")
    services = [
        Target(await put_fact(served, "service", home, public_row(HERE, MAYOR, OPERATOR)),
               Thing(HERE, MAYOR, (OPERATOR,), public_row(HERE, MAYOR, OPERATOR))),
        Target(await put_fact(served, "service", private, public_row(HERE, PROVIDER)),
               Thing(HERE, PROVIDER, (), public_row(HERE, PROVIDER))),
    ]  # fmt: skip
    await put_fact(served, "territory", area, {"public"})
    body = {"id": "ASP", "code": "ASP", "kind": "ASP", "level": "NATIONAL", "name_bg": "АСП", "name_en": "ASP",
            "territory": "BG", "version": 1, "scope": ["public"]}  # fmt: skip
    await put(served.worker, "body", body)
    provided = Target(await put_fact(served, "provider", provider, public_row(HERE, PROVIDER)),
                      Thing(HERE, PROVIDER, (), public_row(HERE, PROVIDER)))  # fmt: skip
    placed = Target(await put_fact(served, "place", place, public_row(HERE)), Thing(HERE, keys=public_row(HERE)))
    asked = {"id": str(uuid4()), "subject": "nobody", "reason": "х", "requested_by": "x", "accountable": True,
             "state": "WITHDRAWN", "version": 1, "scope": sorted(REVOKING)}  # fmt: skip
    request = Target(await put(served.worker, "access_request", asked), Thing(keys=REVOKING))
    new = {"name": "Дом", "kind": "HOME_ELDERLY", "target_groups": ["ELDERLY"], "financing": "PRIVATE",
           "municipality": HERE, "settlement": "с. Х", "address": "ул. 1",
           "responsible_provider": {"eik": EIK}}  # fmt: skip
    return World(
        targets={"service_id": tuple(services), "provider_id": (provided,), "place_id": (placed,),
                 "request_id": (request,), "code": (Target("BLG", PUBLIC), Target("ASP", PUBLIC))},
        bodies={
            "POST /v1/services": new,
            "POST /v1/providers": {"eik": EIK, "name": "Х", "legal_form": "NGO", "seat_municipality": HERE},
            "PATCH /v1/providers/{provider_id}": {"name": provider.state.name, "reason": "х"},
            "POST /v1/access-requests": {"subject": "nobody", "reason": "х"},
        },
        created={"POST /v1/services": Thing(HERE, PROVIDER), "POST /v1/providers": Thing(HERE, PROVIDER)},
    )  # fmt: skip


async def _licensing(served: Served) -> World:
    targets = []
    for owner, parties in ((PROVIDER, ()), (OPERATOR, (MAYOR,))):
        keys = frozenset({"b:AKSU", f"b:{owner}", *(f"b:{body}" for body in parties)})
        filed = facts.application(municipality=HERE, provider_body=owner, state="WITHDRAWN",
                                  responsible_body=next(iter(parties), None))  # fmt: skip
        key = await put_fact(served, "application", filed, keys)
        targets.append(Target(key, Thing(HERE, owner, parties, keys)))
        await served.worker.execute(
            "INSERT INTO conditions"
            " (id, application_id, procedure, provider_id, provider_body, conditions, version, scope)"
            " VALUES ($1, $2, 'ISSUE', $1, $3, '[]', 1, $4)",
            uuid4(), UUID(key), owner, ["b:AKSU"],
        )  # fmt: skip
    licence = facts.licence(municipality=HERE, provider_body=PROVIDER)
    issued = Target(await put_fact(served, "licence", licence, public_row(HERE, PROVIDER)),
                    Thing(HERE, PROVIDER, (), public_row(HERE, PROVIDER)))  # fmt: skip
    provider = facts.provider(body=PROVIDER, eik=EIK)
    await put_fact(served, "provider", provider, public_row(HERE, PROVIDER))
    known = facts.service(municipality=HERE, provider_body=PROVIDER, provider_id=UUID(provider.id), state="CLOSED")
    service = await put_fact(served, "service", known, public_row(HERE, PROVIDER))
    keys = targets[0].thing.keys
    document, subject = str(uuid4()), str(uuid4())
    await served.worker.execute(
        "INSERT INTO document (id, application_id, kind, media_type, size, sha256, attached_at, version, scope)"
        " VALUES ($1, $2, 'OTHER', 'application/pdf', 1, '', now(), 1, $3)",
        UUID(document), UUID(targets[0].key), sorted(keys),
    )  # fmt: skip
    await served.worker.execute(
        "INSERT INTO subject_key (id, kind, row_id, destroyed_at, scope)"
        " VALUES ($1, 'application.document', $2, now(), $3)",
        UUID(subject), UUID(document), [*sorted(keys), "legal"],
    )  # fmt: skip
    check = {"position": "MANAGER", "name": "Х", "egn": "8001010008", "source": "CRIMINAL_RECORD", "result": "CLEAR"}
    return World(
        targets={
            "application_id": tuple(targets),
            "licence_id": (issued,),
            "document_id": (Target(document, Thing(HERE, PROVIDER, (), keys)),),
            "subject_id": (Target(subject, Thing(HERE, keys=keys)),),
        },
        bodies={
            "POST /v1/applications": {"procedure": "ISSUE", "service_id": service},
            "POST /v1/applications/{application_id}/documents": b"%PDF-1.7\n%%EOF\n",
            "POST /v1/applications/{application_id}/manager-checks": check,
            "POST /v1/subjects/search": {"egn": check["egn"]},
        },
        created={"POST /v1/applications": Thing(HERE, PROVIDER)},
    )


async def _monitoring(served: Served) -> World:
    whose: dict[str, Any] = {
        "municipality": HERE,
        "provider_body": PROVIDER,
        "provider_basis": "CONFIRMED",
    }  # nothing to confirm
    inspection = facts.inspection(**whose)
    hidden = facts.inspection(**whose, reference="П-2")
    inspections = []
    for fact, keys in ((inspection, public_row(HERE, PROVIDER)), (hidden, public_row(HERE, PROVIDER) - {"public"})):
        inspections.append(Target(await put_fact(served, "inspection", fact, keys), Thing(HERE, PROVIDER, (), keys)))
    prescriptions = []
    for owner in (PROVIDER, None):
        keys = public_row(HERE, owner)
        fact = facts.prescription(municipality=HERE, provider_body=owner, inspection_id=UUID(inspection.id),
                                  state="VERIFIED_FULFILLED", reference=str(owner))  # fmt: skip
        key = await put_fact(served, "prescription", fact, keys)
        prescriptions.append(Target(key, Thing(HERE, owner, (), keys)))
    staged = str(uuid4())
    await served.worker.execute(
        "INSERT INTO ingest_event"
        " (id, source, event_id, subject, sequence, type, digest, payload, state, version, scope) VALUES"
        " ($1, '/integrations/portal', 'e', 's', 1, 't', '', '{}', 'APPLIED', 1, '{ingest,s:/integrations/portal}')",
        UUID(staged),
    )
    refused = await served.worker.fetchval(
        'INSERT INTO pushed_record (topic, partition, "offset", key, state, result, errors, headers, value, scope)'
        " VALUES ('t', 0, 1, 'k', 'DISCARDED', 'invalid', '[]', '{}', '', '{ingest,s:/integrations/portal}')"
        " RETURNING id::text"
    )
    signals = []
    for party in (None, "RDSP:BLG", MAYOR):
        keys = frozenset({"b:AKSU", *([f"b:{party}"] if party else [])})
        signal = facts.signal(municipality=HERE, forwarded_to=party, state="CLOSED")
        key = await put_fact(served, "signal", signal, keys)
        signals.append(Target(key, Thing(HERE, "AKSU", (party,) if party else (), keys)))
    subject = str(uuid4())
    await served.worker.execute(
        "INSERT INTO subject_key (id, kind, row_id, destroyed_at, scope) VALUES"
        " ($1, 'inspection.user_met', $2, now(), '{BG,legal}')",
        UUID(subject), UUID(inspection.id),
    )  # fmt: skip
    own = facts.inspection(municipality=HERE, source="/aksu", reference="П-3", state="PLANNED")
    agency = frozenset({"b:AKSU"})
    inspections.append(Target(await put_fact(served, "inspection", own, agency), Thing(HERE, None, (), agency)))
    place = {"municipality": HERE, "settlement": "с. Х", "address": "ул. 1"}
    period = {"since": "2026-03-02", "until": "2026-03-06"}
    return World(
        targets={
            "subject_id": (Target(subject, Thing("BG", keys=frozenset({"BG"}))),),
            "signal_id": tuple(signals),
            "inspection_id": tuple(inspections),
            "prescription_id": tuple(prescriptions),
            "record_id": (Target(refused, Thing(keys=STAGING)),),
            "event_id": (Target(staged, Thing(keys=STAGING)),),
        },
        bodies={
            "POST /v1/inspections": {"kind": "PLANNED", "place": place, "period": period},
            "POST /v1/inspection-events": _EVENT,
            "POST /v1/subjects/search": {"egn": "8001010008"},
        },
        created={},
        media={"POST /v1/inspection-events": "application/cloudevents+json"},
    )


_EVENT: Final = {
    "specversion": "1.0", "id": "1", "source": "/integrations/gone-integration", "subject": "R-1", "sequence": 1,
    "type": "bg.aksu.ingest.inspection.started.v1",
    "data": {"kind": "PLANNED", "started_on": "2026-03-02",
             "place": {"municipality": HERE, "settlement": "с. Х", "address": "ул. 1"}},
}  # fmt: skip


async def _reporting(served: Served) -> World:
    for fact in facts.territories():
        if fact.id in {"BG", "BG41", "BLG", HERE}:
            await put_fact(served, "territory", fact, {"public"})
    return World(targets={"code": (Target("BLG", PUBLIC), Target(HERE, PUBLIC))}, bodies={}, created={})


BUILDERS: Final = {
    "registry": _registry,
    "licensing": _licensing,
    "monitoring": _monitoring,
    "reporting": _reporting,
}
