"""Owners' feeds are read with a token of our own, and nothing is taken for whole that is not."""

import asyncio
import gc
import json
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aksu_shared.config.base import BaseConfig
from aksu_shared.worker.failure import FeedUnavailable
from aksu_shared.worker.feed import PAGE, FeedRestarted, Feeds, open_feeds

TYPES = ["bg.aksu.registry.place.registered.v1"]


class Owner:
    """The registry and the issuer, as far as a feed needs them."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.tokens = 0
        self.lifetime = 600
        self.status = 200
        self.items: list[dict[str, Any]] = []
        self.app = Starlette(
            routes=[Route("/token", self._token, methods=["POST"]), Route("/v1/changes", self._changes)]
        )

    async def _token(self, request: Request) -> Response:
        form = (await request.body()).decode()
        if form != "grant_type=client_credentials" or not request.headers["authorization"].startswith("Basic "):
            return Response(status_code=400)
        self.tokens += 1
        return JSONResponse({"access_token": f"t{self.tokens}", "expires_in": self.lifetime})

    async def _changes(self, request: Request) -> Response:
        self.asked.append(f"{request.headers['authorization']} {request.url.query}")
        page = {"items": self.items, "next": "e1:7", "first": 1, "head": 9, "fresh_at": "2026-01-01T00:00:00Z"}
        return JSONResponse(page, self.status)


@pytest.fixture
def owner() -> Owner:
    return Owner()


def config(**settings: Any) -> BaseConfig:
    given: dict[str, Any] = {
        "environment": "test",
        "database_url": "postgresql://localhost/x",
        "bus_url": "postgresql://localhost/bus",
        "oidc_issuer": "http://issuer.test",
        "oidc_audience": "aksu-reporting",
        "feeds": "registry=http://registry.test/, licensing=http://licensing.test",
        "feed_token_url": "http://registry.test/token",
        "feed_client_id": "reporting",
        "feed_client_secret": "secret",
    }
    return BaseConfig(**given | settings)


@pytest_asyncio.fixture
async def client(owner: Owner) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=owner.app)) as client:
        yield client


async def test_a_page_is_asked_for_with_a_token_that_is_kept_until_shortly_before_its_end(
    owner: Owner, client: httpx.AsyncClient
) -> None:
    feeds = Feeds(config(), client)
    page = await feeds.page("registry", after="0", types=TYPES)
    assert (page.epoch, page.position, page.head, page.is_last) == ("e1", 7, 9, True)
    await feeds.page("registry", after="e1:7", types=TYPES)
    assert owner.tokens == 1
    assert owner.asked[1].startswith("Bearer t1 after=e1%3A7&limit=1000&types=")
    owner.lifetime = 30  # no longer than what is spared
    short = Feeds(config(), client)
    for _ in range(2):
        await short.page("registry", after="0", types=TYPES)
    assert owner.tokens == 3


async def test_a_token_file_is_read_anew_each_time(owner: Owner, client: httpx.AsyncClient, tmp_path: Path) -> None:
    file = tmp_path / "token"
    feeds = Feeds(config(feed_token_file=file), client)
    for token in ("first", "second"):
        file.write_text(f"{token}\n")
        await feeds.page("registry", after="0", types=TYPES)
    assert [asked.split()[1] for asked in owner.asked] == ["first", "second"]
    assert owner.tokens == 0


async def test_a_full_page_is_not_the_last(owner: Owner, client: httpx.AsyncClient) -> None:
    owner.items = [{"data": {}}] * PAGE
    assert not (await Feeds(config(), client).page("registry", after="0", types=TYPES)).is_last


async def test_what_is_hidden_from_us_or_not_to_be_had_is_waited_for(owner: Owner, client: httpx.AsyncClient) -> None:
    feeds = Feeds(config(), client)
    owner.items = [{"data": None, "tombstone": True}]
    with pytest.raises(FeedUnavailable, match="does not show us all"):
        await feeds.page("registry", after="0", types=TYPES)
    for status in (401, 403, 503):
        owner.status = status
        with pytest.raises(FeedUnavailable, match=str(status)):
            await feeds.page("registry", after="0", types=TYPES)
    owner.status = 410
    with pytest.raises(FeedRestarted):
        await feeds.page("registry", after="0", types=TYPES)
    with pytest.raises(FeedUnavailable, match="does not say where monitoring is"):
        await feeds.page("monitoring", after="0", types=TYPES)
    with pytest.raises(FeedUnavailable, match="AKSU_FEED_TOKEN_FILE"):
        await Feeds(config(feed_client_secret=None), client).page("registry", after="0", types=TYPES)


async def test_no_page_stays_in_memory_until_the_collector_comes(tmp_path: Path) -> None:
    body = json.dumps(
        {
            "items": [],
            "next": "e1:7",
            "first": 1,
            "head": 7,
            "fresh_at": "2026-01-01T00:00:00Z",
            "more": "x" * 1_000_000,
        }
    ).encode()

    answered = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()
        await writer.wait_closed()
        answered.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (tmp_path / "token").write_text("t\n")
    here = config(feeds=f"registry=http://127.0.0.1:{port}", feed_token_file=tmp_path / "token")
    async with server, open_feeds(here) as feeds:
        await feeds.page("registry", after="0", types=TYPES)
        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            for _ in range(10):
                await feeds.page("registry", after="0", types=TYPES)
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            gc.enable()
    await answered.wait()
    assert held < 5 * len(body)
