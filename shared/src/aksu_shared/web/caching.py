"""What caches may keep: nothing that was answered to somebody, and nothing of one caller for another."""

from collections.abc import Iterable, Sequence

from starlette.types import Scope

_VARY = (b"vary", b"Authorization")
_NO_STORE = (b"cache-control", b"no-store")


def kept_apart(scope: Scope, headers: Iterable[tuple[bytes, bytes]]) -> Sequence[tuple[bytes, bytes]]:
    """Headers to add to those of an answer below /v1, unless it says itself that it is the same for everybody."""
    if not scope["path"].startswith("/v1/"):
        return ()
    stated = varies = False
    for name, value in headers:
        if name == b"cache-control":
            if value.startswith(b"public"):
                return ()
            stated = True
        elif name == b"vary" and b"authorization" in value.lower():
            varies = True
    known = any(name == b"authorization" for name, _ in scope["headers"])
    return (*(() if varies else (_VARY,)), *((_NO_STORE,) if known and not stated else ()))
