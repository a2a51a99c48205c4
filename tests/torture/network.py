"""The rig's network: a proxy before every API, one before the bus, one before the databases of second instances."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from aksu_local.kafka import Kafka
from aksu_local.postgres import Postgres
from aksu_local.tcp_proxy import TcpProxy, to_port, to_socket

SECOND: Final = "-2"
"""Members named so reach their databases through the proxy, the first ones directly: one of two stays unharmed."""


class Network:
    """Proxies by name: `bus`, `database`, and one per API member."""

    def __init__(self) -> None:
        self.proxies: dict[str, TcpProxy] = {}

    async def open(self, stack: AsyncExitStack, postgres: Postgres, broker: Kafka | None) -> None:
        """The proxies before servers; a broker that advertises itself must do so by ours, before it starts."""
        socket = to_socket(postgres.socket)
        self.proxies["database"] = await stack.enter_async_context(TcpProxy(socket))
        bus = TcpProxy(socket if broker is None else to_port(broker.port))
        self.proxies["bus"] = await stack.enter_async_context(bus)
        if broker is not None:
            broker.advertised_port = bus.port

    async def before(self, stack: AsyncExitStack, name: str, port: int) -> None:
        """One more, before an API member."""
        self.proxies[name] = await stack.enter_async_context(TcpProxy(to_port(port)))

    def environment(self, name: str, given: Mapping[str, str]) -> dict[str, str]:
        """A member's environment, its addresses turned to the proxies."""
        turned = dict(given)
        turned["AKSU_BUS_URL"] = _through(given["AKSU_BUS_URL"], self.proxies["bus"].port)
        if name.endswith(SECOND):
            for url in ("AKSU_DATABASE_URL", "AKSU_WORKER_DATABASE_URL"):
                turned[url] = _through(given[url], self.proxies["database"].port)
        return turned

    def heal(self) -> None:
        """As if nothing had been."""
        for proxy in self.proxies.values():
            proxy.heal()


def _through(url: str, port: int) -> str:
    """The same URL by way of `port`; a Unix socket's becomes TCP, trusted as the socket is."""
    parts = urlsplit(url)
    role = f"{parts.username}@" if parts.username else ""
    query = "sslmode=disable" if parts.scheme == "postgresql" else parts.query
    return urlunsplit((parts.scheme, f"{role}127.0.0.1:{port}", parts.path, query, ""))
