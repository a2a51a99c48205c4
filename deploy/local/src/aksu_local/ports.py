"""Which TCP ports of 127.0.0.1 the services get: the well-known ones for people, any free ones for tests."""

import random
import socket
from collections.abc import Iterator, Mapping
from typing import Final, Literal

from aksu_local.databases import SERVICES

Kind = Literal["api", "worker"]
KINDS: Final[tuple[Kind, ...]] = ("api", "worker")
Ports = Mapping[tuple[str, Kind], int]
"""(service, kind) → port."""

_FIRST: Final[Mapping[Kind, int]] = {"api": 8101, "worker": 8111}
PREFERRED: Final[Ports] = {
    (service, kind): _FIRST[kind] + number for kind in KINDS for number, service in enumerate(SERVICES)
}
_ORIGIN: Final = 8100
_NEXT: Final = range(8121, 8200)
# Below Linux's range for outgoing connections: none can take the port while its process restarts.
_ANY: Final = range(20_000, 32_000)


class NoFreePort(Exception):
    """Every port of the range is taken."""


def preferred_ports(services: tuple[str, ...]) -> Ports:
    """8101–8104 for the APIs, 8111–8114 for the workers' health; a busy one is replaced by the next free from 8121."""
    free = _free(_NEXT)
    return {key: port if _is_free(port) else next(free) for key, port in PREFERRED.items() if key[0] in services}


def origin_port() -> int:
    """8100 for all services under one address, or the next free one."""
    return _ORIGIN if _is_free(_ORIGIN) else next(_free(_NEXT))


def any_ports(services: tuple[str, ...]) -> Ports:
    """Free ports at random, so that platforms side by side do not meet."""
    start = random.choice(_ANY)  # noqa: S311 - no secret
    free = _free((*range(start, _ANY.stop), *range(_ANY.start, start)))
    return {(service, kind): next(free) for service in services for kind in KINDS}


def _free(candidates: "range | tuple[int, ...]") -> Iterator[int]:
    yield from (port for port in candidates if _is_free(port))
    msg = "no TCP port of 127.0.0.1 is free"
    raise NoFreePort(msg)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a connection still fading away does not make a port busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
