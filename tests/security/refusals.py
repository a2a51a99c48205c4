"""Requests that are let in and refused: every route of a service, in every shape that costs something to refuse.

`refusals(document)` reads a service's OpenAPI document. A request is (name, method, path, headers, body); its headers
hold no token.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

MEBIBYTE: Final = 1024 * 1024
ANY_ID: Final = "00000000-0000-7000-8000-000000000000"
_JSON: Final = "application/json"
_BATCH: Final = "application/cloudevents-batch+json"
_FORM: Final = "multipart/form-data; boundary=b"


class Refusal(NamedTuple):
    """A request to be refused."""

    name: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


def refusals(document: Mapping[str, Any]) -> Iterator[Refusal]:
    """All of them, route by route."""
    large = True
    for path, operations in document["paths"].items():
        place = path
        for name in path.split("{")[1:]:
            place = place.replace("{" + name.partition("}")[0] + "}", ANY_ID)
        for method, operation in operations.items():
            asked = Refusal(f"{method} {path}", method.upper(), place, {"Idempotency-Key": ANY_ID, "If-Match": '"1"'})
            content = operation.get("requestBody", {}).get("content", {})
            if _JSON in content:
                yield from _with_bodies(asked, worst(document, content[_JSON]["schema"]), large=large)
                large = False  # a mebibyte to one route of a service: no other reads it another way
            if _BATCH in content:
                yield from _pushes(asked)
            if "multipart/form-data" in content:
                yield from _forms(asked)
            yield from _with_parameters(asked)


def worst(document: Mapping[str, Any], schema: Mapping[str, Any], above: tuple[str, ...] = ()) -> Any:
    """A body with all that the schema knows, each list as long as it may be, each value of a wrong kind."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return None if name in above else worst(document, document["components"]["schemas"][name], (*above, name))
    parts = [part for word in ("anyOf", "oneOf", "allOf") for part in schema.get(word, ())]
    if parts:
        return max((worst(document, part, above) for part in parts), key=lambda value: len(json.dumps(value)))
    if schema.get("type") == "array":
        return [worst(document, schema.get("items", {}), above)] * schema.get("maxItems", 1)
    if "properties" in schema:
        known = {name: worst(document, each, above) for name, each in schema["properties"].items()}
        return known | {f"unknown{number}": 0 for number in range(5)}
    return 0 if schema.get("type") == "string" else "x" * 100


def _with_bodies(asked: Refusal, wrong: object, *, large: bool) -> Iterator[Refusal]:
    headers = {**asked.headers, "Content-Type": _JSON}
    shapes = {"wrong": json.dumps(wrong).encode(), **dict(_lists(wrong)), **_SMALL, **(_LARGE if large else {})}
    for name, body in shapes.items():
        yield asked._replace(name=f"{asked.name}: {name}", headers=headers, body=body)


def _lists(wrong: object) -> Iterator[tuple[str, bytes]]:
    """Each list of the body by itself, far too long, of objects without anything and of numbers."""
    if isinstance(wrong, dict):
        for name, value in wrong.items():
            if isinstance(value, list):
                yield f"{name} of objects", json.dumps({name: [{}] * 4_000}).encode()
                yield f"{name} of numbers", json.dumps({name: [0] * 9_000}).encode()


def _pairs(number: int) -> bytes:
    return b",".join(b'"k%d":0' % each for each in range(number))


_SMALL: Final[Mapping[str, bytes]] = {
    "unknown keys": b"{" + _pairs(9_000) + b"}",
    "long unknown keys": json.dumps({str(number) * 5_000: 0 for number in range(100)}).encode(),
    "a key twice, at the end": b"{" + _pairs(9_000) + b',"k1":0}',
    "no object": b"[" + b"{}," * 4_000 + b"{}]",
    "cut": b"[" + b"0," * 9_000,
    "deep": b"[" * 5_000,
    "a bad number at the end": b"[" + b"0," * 9_000 + b"1e400]",
    "a bad character at the end": b"[" + b'"\\u0041",' * 9_000 + b'"\\u0000"]',
    "nothing": b"",
}
_LARGE: Final[Mapping[str, bytes]] = {
    "a mebibyte of unknown keys": b"{" + _pairs(90_000) + b"}",
    "a mebibyte of objects": b'{"concerned":[' + b'{"x":1},' * 130_000 + b'{"x":1}]}',
    "a mebibyte of numbers, cut": b"[" + b"0," * 500_000,
    "a mebibyte of brackets": b"[" * MEBIBYTE,
    "a mebibyte of opened objects": b'{"a":' * 200_000,
    "a mebibyte of quotes": b'"' * MEBIBYTE,
    "a mebibyte of escaped quotes": b'["' + b'\\"' * 520_000 + b'\\x"]',
    "a mebibyte of letters as escapes": b'{"x":"' + b"\\u0430" * 170_000 + b'\\ud800"}',
    "a mebibyte of digits": b"[" + b"9" * 1_000_000 + b"]",
    "a mebibyte of decimals": b"[0." + b"9" * 1_000_000 + b"e400]",
    "a mebibyte of blanks": b" " * MEBIBYTE,
    "a mebibyte in one text": b'{"x":"' + b"x" * 1_000_000 + b'"}',
    "a mebibyte that is no UTF-8": b'{"x":"' + b"x" * 1_000_000 + b'\xff"}',
    "more than a mebibyte": b"[" * (MEBIBYTE + 1),
}


_BASE64: Final = b64encode(b"{" + _pairs(6_500) + b"}").decode()
"""64 KiB of unknown keys."""


def _event(**members: object) -> dict[str, object]:
    return {"specversion": "1.0", "id": "e" * 200, "source": "\N{GRINNING FACE}" * 200, "type": "x"} | members


def _pushes(asked: Refusal) -> Iterator[Refusal]:
    headers = {**asked.headers, "Content-Type": _BATCH}
    kind = "bg.aksu.ingest.finding.recorded.v1"
    shapes = {
        "bad events": json.dumps([_event(type=kind, data={f"k{n}": 0 for n in range(80)})] * 100).encode(),
        "events that are none": json.dumps([0] * 100).encode(),
        "events as Base64": json.dumps([{"data_base64": _BASE64}] * 95).encode(),
        "bad events with their data as Base64": json.dumps([_event(type=kind, data_base64=_BASE64)] * 95).encode(),
        "too many events": json.dumps([{}] * 9_000).encode(),
        "large events": json.dumps([_event(data="x" * 70_000)] * 100).encode(),
        "8 MiB of brackets": b"[" * (8 * MEBIBYTE),
        "8 MiB of numbers": b"[" + b"0," * (4 * MEBIBYTE - 2) + b"0]",
        "8 MiB of objects": b"[" + b'{"a":0},' * (MEBIBYTE - 2) + b"{}]",
        "8 MiB and a key twice": b'[{"a":"' + b"x" * (8 * MEBIBYTE - 40) + b'","b":0,"b":0}]',
        "8 MiB of quotes": b'"' * (8 * MEBIBYTE),
        "8 MiB of escapes": b'["' + b"\\n" * (4 * MEBIBYTE - 2) + b'"]',
        "8 MiB of letters as escapes": b'["' + b"\\u0430" * 1_390_000 + b'"]',
        "8 MiB in one text": b'["' + b"x" * (8 * MEBIBYTE - 4) + b'"]',
    }
    for name, body in shapes.items():
        yield asked._replace(name=f"{asked.name}: {name}", headers=headers, body=body)


def _forms(asked: Refusal) -> Iterator[Refusal]:
    head = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n'
    file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\n'
    shapes = {
        "a field many times": (head % b"f" + b"x\r\n") * 5_000 + b"--b--\r\n",
        "a long field": head % (b"x" * 100_000) + b"\r\n--b--\r\n",
        "nearly boundaries": file + b"\r\n--" * MEBIBYTE + b"\r\n--b--\r\n",
        "no workbook": file + b"PK\x03\x04" * MEBIBYTE + b"\r\n--b--\r\n",
        "cut": file + b"x" * 4 * MEBIBYTE,
    }
    for name, body in shapes.items():
        yield asked._replace(name=f"{asked.name}: {name}", headers={**asked.headers, "Content-Type": _FORM}, body=body)


def _with_parameters(asked: Refusal) -> Iterator[Refusal]:
    for name, query in {
        "many parameters": "&".join("a" for _ in range(15_000)),
        "many different parameters": "&".join(f"a{number}=b" for number in range(3_000)),
        "some long parameters": "&".join(f"{'п' * 100}{number}=x" for number in range(90)),
        "long values": f"cursor={'x' * 10_000}&limit={'9' * 10_000}&sort={'y' * 10_000}",
        "bad characters": "&".join("a=%00%ed%a0%80" for _ in range(90)),
    }.items():
        yield asked._replace(name=f"{asked.name}: {name}", path=f"{asked.path}?{query}", headers=asked.headers)
    long = {"Accept-Language": "en;q=0.1," * 3_000, "Aksu-After": "x" * 30_000, "If-None-Match": '"x",' * 7_000}
    for name, value in long.items():
        headers = {**asked.headers, name: value}
        yield asked._replace(name=f"{asked.name}: a long {name}", path=f"{asked.path}?none=x", headers=headers)
    yield asked._replace(
        name=f"{asked.name}: a long path", path=asked.path.replace(ANY_ID, "%D0%B0" * 5_000) + "?none=x"
    )
