"""Events on the wire: CloudEvents 1.0, binary on the bus and structured JSON in the change feed.

A change-log row becomes a record without its state being parsed: PostgreSQL's JSON text travels as it is. What
arrives is never trusted: everything wrong with a record is one `Undecodable` with a stable reason.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg
from asyncpg.pgproto import pgproto
from pydantic_core import SchemaValidator, ValidationError, core_schema

from aksu_shared.bus.contract import Delivered, Record
from aksu_shared.db.log_keys import VALUE
from aksu_shared.events.base import Event, Meta, State
from aksu_shared.events.catalogue import CATALOGUE
from aksu_shared.kernel import strict_json

COLUMNS: Final = f"""
  seq, event_id::text AS event_id, type, topic, aggregate_id, to_json(legal_time) #>> '{{}}' AS time, actor,
  correlation_id, traceparent, {VALUE} AS value"""
"""What a query selects from `change_log` to make records and feed entries of its rows, besides their position."""

Reason = Literal["MISSING_HEADER", "BAD_HEADER", "UNKNOWN_TYPE", "WRONG_TOPIC", "WRONG_KEY", "BAD_JSON", "BAD_DATA"]

_REQUIRED: Final = tuple(
    f"ce_{name}" for name in ("specversion", "id", "source", "type", "subject", "time", "seq", "position", "epoch")
)
_given: Final = itemgetter(*_REQUIRED)
_MAX_DIGITS: Final = 19
_MAX_PLACES: Final = 5


class Undecodable(Exception):
    """A record that is no event of the catalogue; `reason` is stable, `detail` names places and never values."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail[:500]


def record_of(row: asyncpg.Record, *, position: int, source: str, epoch: str) -> Record:
    """The bus record of a row selected by `COLUMNS`, of service `source`."""
    headers: dict[str, str] = {
        "ce_specversion": "1.0",
        "ce_id": row["event_id"],
        "ce_source": f"/aksu/{source}",
        "ce_type": row["type"],
        "ce_subject": row["aggregate_id"],
        "ce_time": row["time"],
        "ce_seq": str(row["seq"]),
        "ce_position": str(position),
        "ce_epoch": epoch,
        "content-type": "application/json",
    }
    if row["correlation_id"] is not None:
        headers["ce_correlationid"] = row["correlation_id"]
    if row["traceparent"] is not None:
        headers["ce_traceparent"] = row["traceparent"]
    if row["actor"] is not None:
        headers["ce_actor"] = row["actor"]
    return Record(row["topic"], row["aggregate_id"], row["value"], headers)


def structured_of(row: asyncpg.Record, *, position: int, source: str, epoch: str) -> str:
    """The CloudEvents JSON form of a row selected by `COLUMNS`, for the change feed.

    `seq` and `position` are text: a CloudEvents integer has 32 bits.
    """
    record = record_of(row, position=position, source=source, epoch=epoch)
    attributes = {name.removeprefix("ce_"): value for name, value in record.headers.items()}
    attributes["datacontenttype"] = attributes.pop("content-type")
    return f'{json.dumps(attributes, ensure_ascii=False, separators=(",", ":"))[:-1]},"data":{record.value.decode()}}}'


def event_of(record: Delivered) -> Event[Any]:
    """The event a record carries. Raises Undecodable."""
    headers = record.headers
    fact, meta = _envelope(headers)
    if fact.topic != record.topic:
        raise Undecodable("WRONG_TOPIC", f"{fact.type} belongs to {fact.topic}")
    if headers["ce_subject"] != record.key:
        raise Undecodable("WRONG_KEY", "the key is not the subject")
    try:
        data = strict_json.loads(record.value)
    except strict_json.InvalidJson as error:
        raise Undecodable(
            "BAD_JSON", error.reason if error.position is None else f"{error.reason} at character {error.position}"
        ) from None
    return _event(fact, record.key, data, meta)


def event_of_structured(document: Mapping[str, Any]) -> Event[Any]:
    """The event of one entry of a change feed. Raises Undecodable."""
    headers = {f"ce_{name}": str(value) for name, value in document.items() if isinstance(value, str | int)}
    fact, meta = _envelope(headers)
    return _event(fact, headers["ce_subject"], document.get("data"), meta)


def record_of_structured(document: Mapping[str, Any]) -> Delivered:
    """One entry of a change feed as a bus would have delivered it. Raises Undecodable."""
    headers = {f"ce_{name}": value for name, value in document.items() if isinstance(value, str)}
    fact, meta = _envelope(headers)
    headers["content-type"] = headers.pop("ce_datacontenttype", "application/json")
    return Delivered(
        topic=fact.topic,
        partition=0,
        offset=meta.position,
        key=headers["ce_subject"],
        value=json.dumps(document.get("data"), ensure_ascii=False).encode(),
        headers=headers,
        time=int(meta.time.timestamp() * 1000),
    )


def _envelope(headers: Mapping[str, str]) -> tuple[type[Event[Any]], Meta]:
    try:
        given = _given(headers)
    except KeyError:
        given = ("",)
    if not all(given):
        raise Undecodable("MISSING_HEADER", next(name for name in _REQUIRED if not headers.get(name)))
    specversion, event_id, source, name, _, time, seq, position, epoch = given
    if specversion != "1.0":
        raise Undecodable("BAD_HEADER", "ce_specversion: not 1.0")
    fact = CATALOGUE.get(name)
    if fact is None:
        raise Undecodable("UNKNOWN_TYPE", name)
    if source != f"/aksu/{fact.owner}":
        raise Undecodable("BAD_HEADER", f"ce_source: {fact.type} is told by {fact.owner} only")
    meta = Meta(
        id=_uuid(event_id),
        source=fact.owner,
        seq=_integer(seq, "ce_seq"),
        position=_integer(position, "ce_position"),
        epoch=epoch,
        time=_instant(time),
        correlation_id=headers.get("ce_correlationid"),
        traceparent=headers.get("ce_traceparent"),
        actor=headers.get("ce_actor"),
    )
    return fact, meta


def _uuid(text: str) -> UUID:
    try:
        return pgproto.UUID(text)  # type: ignore[no-any-return]  # a UUID too, made several times as fast
    except ValueError:
        return _uuid_of_any_form(text)


def _uuid_of_any_form(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Undecodable("BAD_HEADER", "ce_id: no UUID") from None


def _integer(text: str, name: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < _MAX_DIGITS:
        return int(text)
    raise Undecodable("BAD_HEADER", f"{name}: no number of 63 bits")


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Undecodable("BAD_HEADER", "ce_time: no instant") from None
    if instant.tzinfo is None:
        raise Undecodable("BAD_HEADER", "ce_time: without zone")
    return instant


@lru_cache(maxsize=256)
def _reader(schema: type[State]) -> Callable[[object], dict[str, Any]]:
    """Makes of the data of an event with such a state the arguments the event is made with; no model between."""
    told, anything = core_schema.typed_dict_field, core_schema.any_schema()
    data = {
        "version": told(core_schema.int_schema(strict=True, ge=1)),
        "state": told(schema.__pydantic_core_schema__),
        "changed": told(
            core_schema.dict_schema(core_schema.str_schema(), core_schema.tuple_schema([anything, anything])),
            required=False,
        ),
        "scope": told(core_schema.tuple_schema([core_schema.str_schema()], variadic_item_index=0)),
    }
    # A newer build of the owner may tell more than this one knows.
    return partial(SchemaValidator(core_schema.typed_dict_schema(data)).validate_python, extra="ignore")


def _event(fact: type[Event[Any]], subject: str, data: object, meta: Meta) -> Event[Any]:
    try:
        told = _reader(fact.schema)(data)
    except ValidationError as error:
        raise Undecodable("BAD_DATA", _places(error)) from None
    return fact(id=subject, meta=meta, **told)


def _places(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"/{'/'.join(map(str, each['loc']))} {each['type']}" for each in found[:_MAX_PLACES])
