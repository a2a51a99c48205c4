"""The change feeds of other services, read by whoever makes its copies anew: `GET /v1/changes`, page after page."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx
from pydantic_core import from_json

from aksu_shared.config.base import BaseConfig
from aksu_shared.worker.failure import FeedUnavailable

PAGE: Final = 1_000
_PATIENCE: Final = httpx.Timeout(45, connect=5)
_SPARE: Final = 30.0
"""Seconds before its end at which a token is no longer used."""


class FeedRestarted(Exception):
    """The owner began a new epoch while its feed was read: read it from the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """One page; `epoch` and `position` are where the next one begins, `head` is the newest position there is.

    Up to `fresh_at` the pages so far tell everything.
    """

    events: Sequence[Mapping[str, Any]]
    epoch: str
    position: int
    first: int
    head: int
    fresh_at: datetime

    @property
    def is_last(self) -> bool:
        """Whether nothing follows now."""
        return len(self.events) < PAGE


class Feeds:
    """The owners' APIs, asked as one of the platform's own services. Get one from `open_feeds`."""

    def __init__(self, config: BaseConfig, client: httpx.AsyncClient) -> None:
        self._config = config
        self._client = client
        self._token = ""
        self._token_until = 0.0

    async def page(self, source: str, *, after: str, types: Sequence[str], wait: float = 0) -> FeedPage:
        """The changes of `types` behind `after` (`0`, or `<epoch>:<position>`), waited for up to `wait` seconds (≤ 30).

        Raises FeedRestarted, and FeedUnavailable when the owner is away, refuses us, or hides anything from us.
        """
        query = {"after": after, "limit": str(PAGE), "types": ",".join(types), "wait": f"{wait:g}"}
        answer = await self.get(source, "/v1/changes", query)
        epoch, _, position = answer["next"].partition(":")
        if any(event.get("data") is None for event in answer["items"]):
            raise FeedUnavailable(f"{source} does not show us all its changes; check role and body of our token")
        return FeedPage(
            events=answer["items"],
            epoch=epoch,
            position=int(position),
            first=answer["first"],
            head=answer["head"],
            fresh_at=datetime.fromisoformat(answer["fresh_at"]),
        )

    async def get(self, source: str, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """The JSON answer of an owner. Raises FeedRestarted, FeedUnavailable."""
        base = self._config.feeds.get(source)
        if base is None:
            raise FeedUnavailable(f"AKSU_FEEDS does not say where {source} is")
        try:
            headers = {"Authorization": f"Bearer {await self._bearer()}"}
            # Not by `get`: an answer refers to itself, and keeps the body it read until the collector comes.
            async with self._client.stream("GET", f"{base}{path}", params=query, headers=headers) as answer:
                if answer.status_code == httpx.codes.GONE:
                    raise FeedRestarted(source)
                answer.raise_for_status()
                content = b"".join([part async for part in answer.aiter_bytes()])
            document: dict[str, Any] = from_json(content)  # twice as fast as json.loads, and pages are large
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise FeedUnavailable(f"{source}: {type(error).__name__} {error}") from error
        return document

    async def _bearer(self) -> str:
        """An access token: from the file, or by client credentials and kept until shortly before it ends."""
        config = self._config
        if config.feed_token_file is not None:
            return config.feed_token_file.read_text(encoding="ascii").strip()
        if config.feed_token_url is None or config.feed_client_id is None or config.feed_client_secret is None:
            raise FeedUnavailable(
                "neither AKSU_FEED_TOKEN_FILE nor AKSU_FEED_TOKEN_URL with client id and secret is set"
            )
        if time.monotonic() >= self._token_until:
            answer = await self._client.post(
                config.feed_token_url,
                data={"grant_type": "client_credentials"},
                auth=(config.feed_client_id, config.feed_client_secret.get_secret_value()),
            )
            answer.raise_for_status()
            told = answer.json()
            self._token = str(told["access_token"])
            self._token_until = time.monotonic() + float(told.get("expires_in", 60)) - _SPARE
        return self._token


@asynccontextmanager
async def open_feeds(config: BaseConfig) -> AsyncIterator[Feeds]:
    """The owners' APIs as configured; nothing is asked yet."""
    async with httpx.AsyncClient(timeout=_PATIENCE) as client:
        yield Feeds(config, client)
