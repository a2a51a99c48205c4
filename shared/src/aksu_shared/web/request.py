"""A request whose body is bounded while it is read and whose JSON is parsed strictly."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import Any, Final

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from aksu_shared.errors import TooLarge, UnsupportedMedia
from aksu_shared.web.strict_json import loads

MEBIBYTE: Final = 1024 * 1024
DEFAULT_BODY: Final = MEBIBYTE
INGEST_BODY: Final = 8 * MEBIBYTE
UPLOAD_BODY: Final = 64 * MEBIBYTE

JSON_TYPES: Final = ("application/json",)
FORM_TYPES: Final = ("multipart/form-data", "application/x-www-form-urlencoded")


class StrictRequest(Request):
    """Reads at most `limit` bytes of body, refusing a declared length before the first of them."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, limit: int = DEFAULT_BODY) -> None:
        super().__init__(scope, receive, send)
        self._limit = limit
        self._json: Any

    @property
    def announces_body(self) -> bool:
        """Whether a body follows: HTTP/1.1 says so by either of two headers."""
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in self.scope["headers"]
        )

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body by chunks. Raises TooLarge."""
        if hasattr(self, "_body"):
            yield self._body
            yield b""
            return
        declared = self.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._limit:
            raise TooLarge(limit=self._limit)
        size = 0
        async with aclosing(super().stream()) as chunks:
            async for chunk in chunks:
                size += len(chunk)
                if size > self._limit:
                    raise TooLarge(limit=self._limit)
                yield chunk

    async def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body as a JSON value. Raises InvalidJson, TooLarge."""
        if not hasattr(self, "_json"):
            self._json = loads(await self.body())
        return self._json

    def check_media(self, accepted: Collection[str]) -> None:
        """Raise UnsupportedMedia unless the body is of an accepted type; `+json` types pass for application/json."""
        given = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given in accepted or ("application/json" in accepted and given.endswith("+json")):
            return
        raise UnsupportedMedia(accepted=", ".join(accepted))
