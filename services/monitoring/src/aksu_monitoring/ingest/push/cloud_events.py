"""CloudEvents 1.0 over HTTP: binary, structured and batch mode, read into items whose faults name their place."""

import json
import re
from base64 import b64decode
from collections.abc import Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from fastapi import Request

from aksu_monitoring.ingest.push.errors import TooManyItems
from aksu_monitoring.ingest.push.service import Item
from aksu_shared.events.ingest import MAX_BATCH, MAX_BYTES
from aksu_shared.kernel import strict_json
from aksu_shared.kernel.errors import FieldError, Malformed
from aksu_shared.serving.messages import pointer
from aksu_shared.web.request import beside_if_large

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
BINARY: Final = "application/json"
MEDIA_TYPES: Final = (BINARY, STRUCTURED, BATCH)

_PREFIX: Final = b"ce-"
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = re.compile(r"\\(.)")
_BASE64: Final = MAX_BYTES * 4 // 3 + 4
"""Characters that the data of the largest event has as Base64."""

_BASE64_VALUES: Final = 1_000
"""Values in such data: of a hundred events no more than in any other body by far, and many times what an event has."""


async def items_of(request: Request) -> list[Item]:
    """The events of a request, not yet judged. Raises InvalidJson, TooManyItems, Malformed for a batch that is none."""
    body, value = await request.body(), await request.json()
    return await beside_if_large(body, partial(_measured, request, value, large=len(body) > MAX_BYTES))


def _measured(request: Request, value: Any, *, large: bool) -> list[Item]:  # noqa: ANN401 - any JSON value
    items = _items(request, value)
    for item in items if large else ():
        if len(json.dumps(item.value, ensure_ascii=False).encode()) > MAX_BYTES:
            item.refuse("invalid", _too_large(item))
    return items


def media_of(request: Request) -> str:
    """The media type, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _items(request: Request, body: Any) -> list[Item]:  # noqa: ANN401 - any JSON value
    media = media_of(request)
    if media == BATCH:
        return _batch(body)
    if media == STRUCTURED:
        return [_decoded(Item(0, body, _in_body))]
    return [_with_attributes(Item(0, {"data": body}, _in_headers), request)]


def _batch(body: Any) -> list[Item]:  # noqa: ANN401 - any JSON value
    if not isinstance(body, list):
        raise Malformed(
            errors=[FieldError(pointer="", code="list_type", bg="Очаква се списък.", en="A list is expected.")]
        )
    if len(body) > MAX_BATCH:
        raise TooManyItems(limit=MAX_BATCH)
    return [_decoded(Item(index, value, _in_batch(index))) for index, value in enumerate(body)]


def _with_attributes(item: Item, request: Request) -> Item:
    """The item with its attributes, which are headers, each once (HTTP binding of CloudEvents, 3.1.3)."""
    for raw, value in request.scope["headers"]:
        if raw.startswith(_PREFIX):
            name = raw.removeprefix(_PREFIX).decode("latin-1")
            if name in item.value:
                item.refuse("invalid", _fault(item, name, "repeated_header"))
            text = _text(value)
            if text is None:
                item.refuse("invalid", _fault(item, name, "header_not_encoded"))
            item.value[name] = text
    item.value["datacontenttype"] = request.headers["content-type"]
    return item


def _text(value: bytes) -> str | None:
    """What an attribute's header says; None for what the binding tells receivers to refuse.

    A value in quotes is unquoted, then percent-encoded UTF-8 is decoded (3.1.3.2). Anything else than printable ASCII
    means nothing certain: one sender's windows-1251 would be another's reference.
    """
    if not all(0x20 <= byte <= 0x7E for byte in value):  # noqa: PLR2004 - printable ASCII
        return None
    text = value.decode("ascii").strip()
    if quoted := _QUOTED.fullmatch(text):
        text = _ESCAPED.sub(r"\1", quoted[1])
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _decoded(item: Item) -> Item:
    """The item with its data as JSON, where the sender had bytes and wrote them as Base64 (JSON format, 3.1.1)."""
    if not isinstance(item.value, dict) or "data_base64" not in item.value:
        return item
    encoded = item.value.pop("data_base64")
    if "data" in item.value:
        item.refuse("invalid", _fault(item, "data_base64", "data_twice"))
    elif not isinstance(encoded, str):
        item.refuse("invalid", _fault(item, "data_base64", "bad_base64"))
    elif len(encoded) > _BASE64:
        item.refuse("invalid", _too_large(item))
    else:
        try:
            item.value["data"] = strict_json.loads(b64decode(encoded, validate=True), max_values=_BASE64_VALUES)
        except (ValueError, strict_json.InvalidJson):  # no Base64, or no JSON within it
            item.refuse("invalid", _fault(item, "data_base64", "bad_base64"))
    return item


_SENTENCES: Final = {
    "repeated_header": ("Заглавието стои повече от веднъж.", "The header stands more than once."),
    "header_not_encoded": (
        "Стойността е печатни знаци от ASCII; други се изпращат като UTF-8 с проценти (%D0%9F) или в структуриран вид.",
        "The value is printable ASCII; send others as percent-encoded UTF-8 (%D0%9F), or the event in structured mode.",
    ),
    "data_twice": (
        "Данните се изпращат или в data, или в data_base64.",
        "The data are sent in `data` or in `data_base64`.",
    ),
    "bad_base64": ("Не е JSON, записан в Base64.", "This is no JSON written as Base64."),
}


def _fault(item: Item, where: str, code: str) -> FieldError:
    bg, en = _SENTENCES[code]
    return FieldError(pointer=pointer(item.place((where,))), code=code, bg=bg, en=en)


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
    return ("header", f"ce-{place[0]}") if place else ("body",)
