"""A request whose body is bounded while it is read and whose JSON is parsed strictly."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import lru_cache, partial
from typing import Any, Final, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope

from aksu_shared.kernel.errors import FieldError, Malformed, TooLarge, UnsupportedMedia
from aksu_shared.kernel.strict_json import loads

MEBIBYTE: Final = 1024 * 1024
DEFAULT_BODY: Final = MEBIBYTE
INGEST_BODY: Final = 8 * MEBIBYTE
UPLOAD_BODY: Final = 64 * MEBIBYTE

JSON_TYPES: Final = ("application/json",)
FORM_TYPES: Final = ("multipart/form-data", "application/x-www-form-urlencoded")
_LARGE: Final = 64 * 1024
_UNREAD: Final = object()
T = TypeVar("T")


async def beside_if_large(body: bytes, work: Callable[[], T]) -> T:
    """What `work()` gives, which takes time in proportion to `body`: from 64 KiB in a thread, so that others go on."""
    return await asyncio.to_thread(work) if len(body) > _LARGE else work()


class StrictRequest(Request):
    """Reads at most `limit` bytes of body, refusing a declared length before the first of them."""

    def __init__(self, scope: Scope, receive: Receive, *, limit: int = DEFAULT_BODY) -> None:
        super().__init__(scope, receive)
        self._limit = limit
        self._size = 0
        self._whole: bytes | None = None
        self._value: Any = _UNREAD

    @property
    def announces_body(self) -> bool:
        """Whether a body follows: HTTP/1.1 says so by either of two headers."""
        for name, value in self.scope["headers"]:
            if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
                return True
        return False

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body by chunks. Raises TooLarge."""
        if self._whole is not None:
            yield self._whole
            yield b""
            return
        more = True
        while more:
            chunk, more = await self._chunk()
            for start in range(0, len(chunk), _LARGE):  # a form's parser takes its time for each
                yield chunk[start : start + _LARGE]
                await asyncio.sleep(0)
        yield b""

    async def body(self) -> bytes:
        """The whole body: nearly always one message, for which Starlette's two generators are not worth it.

        Raises TooLarge.
        """
        if self._whole is None:
            body, more = await self._chunk()
            if more:
                chunks = [body]
                while more:
                    chunk, more = await self._chunk()
                    chunks.append(chunk)
                body = b"".join(chunks)
            self._whole = body
        return self._whole

    async def _chunk(self) -> tuple[bytes, bool]:
        """What came of the body, and whether more follows. Raises TooLarge, for a declared length before any of it."""
        if not self._size:
            self._check_declared()
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        self._size += len(chunk)
        if self._size > self._limit:
            raise TooLarge(limit=self._limit)
        return chunk, message.get("more_body", False)

    def _check_declared(self) -> None:
        for name, value in self.scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > self._limit:
                raise TooLarge(limit=self._limit)

    async def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body as a JSON value. Raises InvalidJson, TooLarge."""
        if self._value is _UNREAD:
            body = await self.body()
            self._value = await beside_if_large(body, partial(loads, body))
        return self._value

    def check_media(self, accepted: tuple[str, ...]) -> None:
        """Raise UnsupportedMedia unless the body is of an accepted type, in UTF-8, as it is; Malformed for two types.

        `+json` types pass for application/json. A body that is compressed is not unpacked.
        """
        given = [value for name, value in self.scope["headers"] if name == b"content-type"]
        if len(given) > 1:
            raise repeated_header("Content-Type")
        if not _is_media(given[0] if given else b"", accepted):
            raise UnsupportedMedia(accepted=", ".join(accepted))
        for name, value in self.scope["headers"]:
            if name == b"content-encoding" and value.lower() != b"identity":
                raise UnsupportedMedia(accepted=", ".join(accepted), headers={"Accept-Encoding": "identity"})


def repeated_header(name: str) -> Malformed:
    """What to raise for a header that stands twice where one of the two would have to win."""
    return Malformed(
        errors=[
            FieldError(
                pointer=f"!{name}",
                code="repeated_header",
                bg=f"{name} стои повече от веднъж.",
                en=f"{name} stands more than once.",
            )
        ]
    )


@lru_cache(maxsize=64)  # hardly more than one is ever sent
def _is_media(content_type: bytes, accepted: tuple[str, ...]) -> bool:
    given, *parameters = (part.strip().lower() for part in content_type.decode("latin-1").split(";"))
    charsets = {each.partition("=")[2].strip(' "') for each in parameters if each.startswith("charset")}
    is_named = given in accepted or ("application/json" in accepted and given.endswith("+json"))
    return is_named and charsets <= {"utf-8"}
