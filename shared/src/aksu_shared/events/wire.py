"""Events on the wire: CloudEvents 1.0, binary on the bus and structured JSON in the change feed.

A change-log row becomes a record without its state being parsed: PostgreSQL's JSON text travels as it is. What
arrives is never trusted: everything wrong with a record is one `Undecodable` with a stable reason.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel, Field, ValidationError, create_model

from aksu_shared.bus.contract import Delivered, Record
from aksu_shared.events.base import Event, Meta, State
from aksu_shared.events.catalogue import CATALOGUE
from aksu_shared.web import strict_json

COLUMNS: Final = (
    "seq, event_id::text AS event_id, type, topic, aggregate_id, version, state::text AS state, "
    "changed::text AS changed, array_to_json(scope)::text AS scope, legal_time, actor, correlation_id, traceparent"
)
"""What a query selects from `change_log` to make records and feed entries of its rows, besides their position."""

Reason = Literal["MISSING_HEADER", "BAD_HEADER", "UNKNOWN_TYPE", "WRONG_TOPIC", "WRONG_KEY", "BAD_JSON", "BAD_DATA"]

_MAX_INT: Final = 2**63 - 1
_MAX_PLACES: Final = 5


class Undecodable(Exception):
    """A record that is no event of the catalogue; `reason` is stable, `detail` names places and never values."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail[:500]


def record_of(row: asyncpg.Record, *, position: int, source: str, epoch: str) -> Record:
    """The bus record of a row selected by `COLUMNS`, of service `source`."""
    return Record(
        topic=row["topic"],
        key=row["aggregate_id"],
        value=_data(row).encode(),
        headers={
            f"ce_{name}": value
            for name, value in _attributes(row, position=position, source=source, epoch=epoch).items()
        }
        | {"content-type": "application/json"},
    )


def structured_of(row: asyncpg.Record, *, position: int, source: str, epoch: str) -> str:
    """The CloudEvents JSON form of a row selected by `COLUMNS`, for the change feed.

    `seq` and `position` are text: a CloudEvents integer has 32 bits.
    """
    attributes = _attributes(row, position=position, source=source, epoch=epoch) | {
        "datacontenttype": "application/json"
    }
    return f'{json.dumps(attributes, ensure_ascii=False, separators=(",", ":"))[:-1]},"data":{_data(row)}}}'


def _attributes(row: asyncpg.Record, *, position: int, source: str, epoch: str) -> dict[str, str]:
    attributes: dict[str, str] = {
        "specversion": "1.0",
        "id": row["event_id"],
        "source": f"/aksu/{source}",
        "type": row["type"],
        "subject": row["aggregate_id"],
        "time": row["legal_time"].isoformat(),
        "seq": str(row["seq"]),
        "position": str(position),
        "epoch": epoch,
    }
    for name, column in (("correlationid", "correlation_id"), ("traceparent", "traceparent"), ("actor", "actor")):
        if row[column] is not None:
            attributes[name] = row[column]
    return attributes


def _data(row: asyncpg.Record) -> str:
    return f'{{"version":{row["version"]},"state":{row["state"]},"changed":{row["changed"]},"scope":{row["scope"]}}}'


def event_of(record: Delivered) -> Event[Any]:
    """The event a record carries. Raises Undecodable."""
    attributes = {name[3:]: value for name, value in record.headers.items() if name.startswith("ce_")}
    fact, meta = _envelope(attributes)
    if fact.topic != record.topic:
        raise Undecodable("WRONG_TOPIC", f"{fact.type} belongs to {fact.topic}")
    if attributes["subject"] != record.key:
        raise Undecodable("WRONG_KEY", "the key is not the subject")
    try:
        data = strict_json.loads(record.value)
    except strict_json.InvalidJson as error:
        raise Undecodable("BAD_JSON", f"{error.reason} at character {error.position}") from None
    return _event(fact, attributes["subject"], data, meta)


def event_of_structured(document: Mapping[str, Any]) -> Event[Any]:
    """The event of one entry of a change feed. Raises Undecodable."""
    attributes = {name: value for name, value in document.items() if name != "data" and isinstance(value, str)}
    fact, meta = _envelope(attributes)
    return _event(fact, attributes["subject"], document.get("data"), meta)


def _envelope(attributes: Mapping[str, str]) -> tuple[type[Event[Any]], Meta]:
    if attributes.get("specversion") != "1.0":
        raise Undecodable("MISSING_HEADER" if "specversion" not in attributes else "BAD_HEADER", "specversion")
    for name in ("id", "source", "type", "subject", "time", "seq", "position", "epoch"):
        if not attributes.get(name):
            raise Undecodable("MISSING_HEADER", name)
    fact = CATALOGUE.get(attributes["type"])
    if fact is None:
        raise Undecodable("UNKNOWN_TYPE", attributes["type"])
    if attributes["source"] != f"/aksu/{fact.owner}":
        raise Undecodable("BAD_HEADER", f"source: {fact.type} is told by {fact.owner} only")
    meta = Meta(
        id=_uuid(attributes),
        source=fact.owner,
        seq=_integer(attributes, "seq"),
        position=_integer(attributes, "position"),
        epoch=attributes["epoch"],
        time=_instant(attributes),
        correlation_id=attributes.get("correlationid"),
        traceparent=attributes.get("traceparent"),
        actor=attributes.get("actor"),
    )
    return fact, meta


def _uuid(attributes: Mapping[str, str]) -> UUID:
    try:
        return UUID(attributes["id"])
    except ValueError:
        raise Undecodable("BAD_HEADER", "id: no UUID") from None


def _integer(attributes: Mapping[str, str], name: str) -> int:
    text = attributes[name]
    if text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= _MAX_INT:  # noqa: PLR2004 - digits of 2^63
        return int(text)
    raise Undecodable("BAD_HEADER", f"{name}: no positive integer")


def _instant(attributes: Mapping[str, str]) -> datetime:
    try:
        instant = datetime.fromisoformat(attributes["time"])
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Undecodable("BAD_HEADER", "time: no instant")
    return instant


class _Data(BaseModel):
    version: Annotated[int, Field(strict=True, ge=1)]
    changed: dict[str, tuple[Any, Any]] = {}
    scope: tuple[str, ...]


@cache
def _data_model(schema: type[State]) -> type[_Data]:
    return create_model(f"Data_{schema.__name__}", __base__=_Data, state=(schema, ...))


def _event(fact: type[Event[Any]], subject: str, data: object, meta: Meta) -> Event[Any]:
    try:
        read: Any = _data_model(fact.schema).model_validate(data)
    except ValidationError as error:
        raise Undecodable("BAD_DATA", _places(error)) from None
    return fact(id=subject, version=read.version, state=read.state, scope=read.scope, changed=read.changed, meta=meta)


def _places(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"/{'/'.join(map(str, each['loc']))} {each['type']}" for each in found[:_MAX_PLACES])
