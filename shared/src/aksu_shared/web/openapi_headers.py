"""Headers that requests and answers of every service carry, as the API's description tells them, each once."""

from collections.abc import Mapping
from typing import Any, Final


def _parameter(name: str, description: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "description": description, "schema": dict(schema)}


_VERSION: Final = {"type": "string", "examples": ['"3"']}

PARAMETERS: Final[Mapping[str, Any]] = {
    "AcceptLanguage": _parameter(
        "Accept-Language",
        "language of texts for people: Bulgarian unless English is preferred",
        {"type": "string", "examples": ["bg", "en"]},
    ),
    "After": _parameter(
        "Aksu-After",
        "`Aksu-Position` of a write not to be missed, such as `registry:1203`; waits up to 2 s, then 503",
        {"type": "string", "maxLength": 60},
    ),
    "ExpectedVersion": _parameter("If-Match", "the version that the caller knows; another one is 412", _VERSION),
    "IdempotencyKey": _parameter(
        "Idempotency-Key",
        "up to 200 printable ASCII characters, of the caller's choice, one per act: a repetition with the same content"
        " gets the first answer again, a refusal too; kept 7 days",
        {"type": "string", "minLength": 1, "maxLength": 200, "examples": ["8b0a5a1e-4a0f-4a4e-9f5e-0f2a6b1c7d11"]},
        required=True,
    ),
    "IfNoneMatch": _parameter("If-None-Match", "an `ETag` the caller has: 304 if it still holds", _VERSION),
    "KnownVersion": _parameter(
        "If-Match", "the version that the caller changes; another one is 412, none 428", _VERSION, required=True
    ),
    "Purpose": _parameter(
        "Aksu-Purpose",
        "why this is read, for the audit; of more than 300 characters the first",
        {"type": "string", "examples": ["12/2026"]},
    ),
}
"""Request headers. What is none of ours in those without a bound is passed over, up to the size of a head."""

HEADERS: Final[Mapping[str, Any]] = {
    "Aksu-Position": {
        "description": "position of this write, `<service>:<number>`, for `Aksu-After`; none if nothing changed",
        "schema": {"type": "string"},
    },
    "Content-Language": {"description": "language of the texts", "schema": {"type": "string", "enum": ["bg", "en"]}},
    "ETag": {"description": "version of the resource", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "`true`: the request came before, and this is the answer it got then",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Location": {"description": "path of what was made", "schema": {"type": "string"}},
    "RateLimit": {"description": "requests left in the window, and its seconds", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "requests per window of seconds", "schema": {"type": "string"}},
    "Retry-After": {"description": "seconds until it is worth trying again", "schema": {"type": "string"}},
    "X-Correlation-Id": {"description": "the request in logs and audits", "schema": {"type": "string"}},
}

NOT_MODIFIED: Final = {
    "description": "Not Modified: what the caller has still holds",
    "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
}

_ALWAYS: Final = ("RateLimit", "RateLimit-Policy", "X-Correlation-Id")


def parameter_reference(name: str) -> dict[str, str]:
    """Where an operation points to one of PARAMETERS."""
    return {"$ref": f"#/components/parameters/{name}"}


def header_references(*, etag: bool, wrote: bool, replayed: bool, created: bool) -> dict[str, Any]:
    """The headers of a success: of a resource with a version, of a write, of one that may be repeated, of a new one."""
    names = [*_ALWAYS]
    names += ["ETag"] if etag else []
    names += ["Aksu-Position"] if wrote else []
    names += ["Idempotency-Replayed"] if replayed else []
    names += ["Location"] if created else []
    return {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(names)}
