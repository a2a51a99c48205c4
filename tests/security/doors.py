"""Every door of a service, read from its OpenAPI document, and a right body to knock with, made from the schema."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI

UUID: Final = "019a0000-0000-7000-8000-00000000000a"
_BY_FORMAT: Final = {"date": "2026-03-02", "date-time": "2026-03-02T10:00:00Z", "uuid": UUID}


@dataclass(frozen=True)
class Door:
    """One operation. `body` is a right one as JSON, None without."""

    service: str
    method: str
    path: str
    rights: tuple[str, ...]
    media: str | None
    body: Any

    @property
    def parameter(self) -> str | None:
        """The name of the object's id in the path."""
        return self.path.partition("{")[2].partition("}")[0] or None

    def at(self, key: str) -> str:
        """The path to one object."""
        return self.path.replace(f"{{{self.parameter}}}", key)

    def __str__(self) -> str:
        return f"{self.method} {self.service}{self.path}"


def doors_of(service: str, app: FastAPI) -> Iterator[Door]:
    """All of them."""
    document = app.openapi()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if "x-aksu-rights" not in operation:
                continue  # health and metrics: no data
            content: Mapping[str, Any] = operation.get("requestBody", {}).get("content", {})
            media = next(iter(content), None)
            body = sample(content[media]["schema"], document) if media == "application/json" else None
            yield Door(service, method.upper(), path, tuple(operation["x-aksu-rights"]), media, body)


def sample(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """A value that fits, with nothing in it that need not be there."""
    if "$ref" in schema:
        return sample(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return sample(schema[choice][0], document)
    for given in ("const", "examples", "enum"):
        if given in schema:
            return schema[given] if given == "const" else schema[given][0]
    return _plain(schema, document)


def _plain(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    match schema.get("type", "object"):
        case [kind, "null"]:
            return _plain({**schema, "type": kind}, document)
        case "object":
            properties = schema.get("properties", {})
            return {
                name: sample(properties[name], document) for name in schema.get("required", ()) if name in properties
            }
        case "array":
            return [sample(schema["items"], document)] * schema.get("minItems", 0)
        case "string":
            return _BY_FORMAT.get(schema.get("format", ""), "Примерен текст")
        case "boolean":
            return True
        case _:
            return schema.get("minimum", 1)
