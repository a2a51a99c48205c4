"""CloudEvents 1.0 over HTTP: binary, structured and batch mode, read into items whose faults name their place."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote

from fastapi import Request

from aksu_monitoring.ingest.push.errors import TooManyItems
from aksu_monitoring.ingest.push.service import Item
from aksu_shared.events.ingest import MAX_BATCH, MAX_BYTES
from aksu_shared.kernel.errors import FieldError, Malformed
from aksu_shared.serving.messages import pointer

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
BINARY: Final = "application/json"
MEDIA_TYPES: Final = (BINARY, STRUCTURED, BATCH)

_PREFIX: Final = "ce-"


async def items_of(request: Request) -> list[Item]:
    """The events of a request, not yet judged. Raises InvalidJson, TooManyItems, Malformed for a batch that is none."""
    items = await _items(request)
    if len(await request.body()) > MAX_BYTES:
        await asyncio.to_thread(_measure, items)
    return items


def _measure(items: Sequence[Item]) -> None:
    for item in items:
        if len(json.dumps(item.value, ensure_ascii=False).encode()) > MAX_BYTES:
            item.refuse("invalid", _too_large(item))


def media_of(request: Request) -> str:
    """The media type, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _items(request: Request) -> list[Item]:
    media = media_of(request)
    body = await request.json()
    if media == BATCH:
        return _batch(body)
    if media == STRUCTURED:
        return [Item(0, body, _in_body)]
    return [Item(0, _attributes(request) | {"data": body}, _in_headers)]


def _batch(body: Any) -> list[Item]:  # noqa: ANN401 - any JSON value
    if not isinstance(body, list):
        raise Malformed(
            errors=[FieldError(pointer="", code="list_type", bg="Очаква се списък.", en="A list is expected.")]
        )
    if len(body) > MAX_BATCH:
        raise TooManyItems(limit=MAX_BATCH)
    return [Item(index, value, _in_batch(index)) for index, value in enumerate(body)]


def _attributes(request: Request) -> dict[str, str]:
    """Attributes from headers; values are percent-encoded UTF-8 (HTTP binding, 3.1.3.2)."""
    given = {
        name.removeprefix(_PREFIX): unquote(value)
        for name, value in request.headers.items()
        if name.startswith(_PREFIX)
    }
    return given | {"datacontenttype": request.headers["content-type"]}


def _too_large(item: Item) -> FieldError:
    return FieldError(
        pointer=pointer(item.place(())),
        code="event_too_large",
        bg=f"Събитието е по-голямо от позволените {MAX_BYTES} байта.",
        en=f"The event is larger than the {MAX_BYTES} bytes allowed.",
    )


def _in_body(place: Sequence[str | int]) -> Sequence[str | int]:
    return ("body", *place)


def _in_batch(index: int) -> Any:  # noqa: ANN401 - a Place
    return lambda place: ("body", index, *place)


def _in_headers(place: Sequence[str | int]) -> Sequence[str | int]:
    """Attributes are headers, the data is the whole body."""
    if place and place[0] == "data":
        return ("body", *place[1:])
    return ("header", f"{_PREFIX}{place[0]}") if place else ("body",)
