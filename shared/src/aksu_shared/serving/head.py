"""What the head of a request must be, beyond what its parser sees to: of one meaning, for whoever reads it."""

import re
from collections.abc import Iterable
from typing import Final

from aksu_shared.kernel.errors import Problem
from aksu_shared.serving.problems import BadRequest, ExpectationFailed, HeadersTooLarge

_VERSIONS: Final = frozenset({"1.0", "1.1"})
_HOST: Final = re.compile(rb"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]*")


def fault_of(url: bytes, headers: Iterable[tuple[bytes, bytes]], *, version: str, limit: int) -> Problem | None:
    """What to answer instead of reading on, if anything: the connection is then closed.

    `limit` bounds the bytes of target and headers. A request line without a version, and another version than 1.0 or
    1.1, says nothing of how the rest is framed. HTTP/1.1 names one host (RFC 9112, 3.2), and frames by nothing but a
    length or chunks, of which HTTP/1.0 knows no chunks. Of expectations there is one (RFC 9110, 10.1.1).
    """
    if version not in _VERSIONS:
        return BadRequest()
    size, hosts = len(url), 0
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
            if not _HOST.fullmatch(value):
                return BadRequest()
        elif name == b"transfer-encoding" and (version == "1.0" or value.lower() != b"chunked"):
            return BadRequest()
        elif name == b"expect" and version != "1.0" and value.lower() != b"100-continue":
            return ExpectationFailed()
    if size > limit:
        return HeadersTooLarge()
    return None if hosts == 1 or (version == "1.0" and not hosts) else BadRequest()
