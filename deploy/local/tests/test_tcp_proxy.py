"""The TCP proxy whose network can be made bad, before an echo server."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import pytest_asyncio

from aksu_local.tcp_proxy import Streams, TcpProxy, to_port


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
    writer.close()
    await writer.wait_closed()


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[TcpProxy]:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    async with server, TcpProxy(to_port(server.sockets[0].getsockname()[1])) as proxy:
        yield proxy


@asynccontextmanager
async def connected(proxy: TcpProxy) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def echoed(streams: Streams, word: bytes, *, within: float = 5.0) -> bytes:
    streams[1].write(word)
    async with asyncio.timeout(within):
        return await streams[0].readexactly(len(word))


async def test_a_sound_network_passes_everything_on_both_ways(proxy: TcpProxy) -> None:
    async with connected(proxy) as streams:
        assert await echoed(streams, b"one") == b"one"
        assert await echoed(streams, b"two") == b"two"


async def test_a_slow_network_takes_so_much_longer_each_way(proxy: TcpProxy) -> None:
    async with connected(proxy) as streams:
        await echoed(streams, b"fast")
        proxy.slow(0.1)
        started = time.monotonic()
        await echoed(streams, b"slow")
        assert time.monotonic() - started >= 0.2


async def test_a_refusing_network_resets_what_there_is_and_what_comes(proxy: TcpProxy) -> None:
    async with connected(proxy) as streams:
        await echoed(streams, b"one")
        proxy.refuse()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await echoed(streams, b"two")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        async with connected(proxy) as streams:
            await echoed(streams, b"three")
    proxy.heal()
    async with connected(proxy) as streams:
        assert await echoed(streams, b"four") == b"four"


async def test_a_black_hole_swallows_until_it_is_healed_and_then_delivers(proxy: TcpProxy) -> None:
    async with connected(proxy) as streams:
        await echoed(streams, b"one")
        proxy.black_hole()
        with pytest.raises(TimeoutError):
            await echoed(streams, b"two", within=0.3)
        proxy.heal()
        async with asyncio.timeout(5):
            assert await streams[0].readexactly(3) == b"two"


async def test_half_open_the_near_end_learns_only_at_the_end_that_the_far_one_has_gone(proxy: TcpProxy) -> None:
    async with connected(proxy) as streams:
        await echoed(streams, b"one")
        proxy.half_open()
        with pytest.raises(TimeoutError):
            await echoed(streams, b"two", within=0.3)
        proxy.heal()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await echoed(streams, b"three")
