"""The key under which a request may be repeated, and what becomes of the repetition."""

from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from aksu_shared.kernel.errors import FieldError, Forbidden, Malformed, PreconditionRequired, Problem
from aksu_shared.web.fingerprints import Fingerprints
from aksu_shared.web.request import repeated_header

KEY_HEADER = "Idempotency-Key"
MAX_KEY = 200
REPLAYED: Final = {"Idempotency-Replayed": "true"}
"""Tells an answer that was given before from one that was made now."""


class RequestInProgress(Problem):
    """The first request with this key is still running."""

    status = 409
    code = "request_in_progress"
    bg = "Заявка със същия Idempotency-Key още се изпълнява."
    en = "A request with the same Idempotency-Key is still running."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class KeyReused(Problem):
    """The key came before with another request."""

    status = 422
    code = "idempotency_key_reused"
    bg = "Този Idempotency-Key вече е използван с друго съдържание."
    en = "This Idempotency-Key was already used with another request."


class Replay(Exception):
    """Ends a repeated request with the first answer. Not a failure; the exception handler sends `response`."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Key(NamedTuple):
    """An idempotency key, and what the request asked for under it."""

    value: str
    fingerprint: bytes


async def key_of(request: Request, fingerprints: Fingerprints) -> Key:
    """The request's key. Raises PreconditionRequired without one, Malformed."""
    key, *others = request.headers.getlist(KEY_HEADER) or [""]
    if others:
        raise repeated_header(KEY_HEADER)
    if not key:
        raise PreconditionRequired(header=KEY_HEADER)
    if len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise Malformed(
            errors=[
                FieldError(
                    pointer=f"!{KEY_HEADER}",
                    code="bad_header",
                    bg=f"{KEY_HEADER} е до {MAX_KEY} печатни ASCII знака.",
                    en=f"{KEY_HEADER} is at most {MAX_KEY} printable ASCII characters.",
                )
            ]
        )
    return Key(key, fingerprints.of(request.scope, await request.body()))


def replayed(row: Any, fingerprint: bytes, scope: str) -> Exception:  # noqa: ANN401 - a record
    """What to raise for a key that was answered before: Replay of that answer, KeyReused, or Forbidden."""
    if row["fingerprint"] != fingerprint:
        return KeyReused()
    if row["scope"] != scope:
        return Forbidden(right="replay")
    return Replay(Response(row["body"], row["status"], row["headers"] | REPLAYED))
