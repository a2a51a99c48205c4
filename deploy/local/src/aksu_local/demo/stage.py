"""The demo's stage: asks the services, prints what it asked and got in figures, stops at what does not hold."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from rich.console import Console

from aksu_local.platform import Platform

PATIENCE = 20.0
"""Seconds to wait for what travels between services; far above what it takes, so that a slow machine is no failure."""


class StepFailed(Exception):
    """Something did not hold; the demo ends here."""


class Stage:
    """One performance: a client for all services, and the printed record."""

    def __init__(self, platform: Platform, console: Console, *, visible_within: float = 1.0) -> None:
        self.platform = platform
        self.visible_within = visible_within
        self.console = console
        self.checks = 0
        self._client = httpx.AsyncClient(timeout=120)

    async def __aenter__(self) -> Self:
        """Open the client."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self._client.aclose()

    def step(self, title: str) -> None:
        """Begin a step."""
        self.console.print(f"\n[bold]{title}[/bold]")

    def say(self, text: str) -> None:
        """Print one figure."""
        self.console.print(f"    {text}", highlight=False)

    def check(self, what: str, *, got: object, want: object) -> None:
        """Hold `got` against `want`. Raises StepFailed."""
        self.checks += 1
        if got != want:
            self.console.print(f"  [red]✗[/red] {what}: got {got!r}, expected {want!r}", highlight=False)
            raise StepFailed(what)
        self.console.print(f"  [green]✓[/green] {what}: {got}", highlight=False)

    def holds(self, what: str, *, condition: bool) -> None:
        """Print a figure that must hold. Raises StepFailed."""
        self.checks += 1
        mark = "[green]✓[/green]" if condition else "[red]✗[/red]"
        self.console.print(f"  {mark} {what}", highlight=False)
        if not condition:
            raise StepFailed(what)

    async def get(self, service: str, path: str, *, token: str | None = None, **headers: str) -> Any:  # noqa: ANN401
        """GET that must succeed; gives the JSON."""
        return (await self.ask("GET", service, path, token=token, headers=headers)).json()

    async def post(
        self,
        service: str,
        path: str,
        body: object,
        *,
        token: str,
        expect: int = 201,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """POST under a new idempotency key; the status must be `expect`."""
        sent = {"Idempotency-Key": str(uuid4())} | dict(headers or {})
        return await self.ask("POST", service, path, token=token, headers=sent, json=body, expect=expect)

    async def ask(
        self,
        method: str,
        service: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        expect: int = 200,
        **content: Any,  # noqa: ANN401 - httpx's own: json, content, files
    ) -> httpx.Response:
        """Any request; the status must be `expect`. Raises StepFailed."""
        sent = dict(headers or {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        answer = await self._client.request(method, self.platform.url(service) + path, headers=sent, **content)
        if answer.status_code != expect:
            what = f"{method} {path} answered {answer.status_code} instead of {expect}: {answer.text[:1000]}"
            self.console.print(f"  [red]✗[/red] {what}", highlight=False)
            raise StepFailed(what)
        return answer

    async def until(self, what: str, read: Callable[[], Awaitable[Any]], *, want: object) -> float:
        """Wait until `read` gives `want`; returns the milliseconds it took. Raises StepFailed."""
        started = time.perf_counter()
        got = await read()
        while got != want and time.perf_counter() - started < PATIENCE:
            await asyncio.sleep(0.005)
            got = await read()
        milliseconds = (time.perf_counter() - started) * 1000
        self.check(what, got=got, want=want)
        return milliseconds

    async def count(self, service: str, path: str) -> int:
        """How many items a list has, walked page by page."""
        total, cursor = 0, None
        while True:
            joint = "&" if "?" in path else "?"
            page = await self.get(service, f"{path}{joint}limit=200" + (f"&cursor={cursor}" if cursor else ""))
            total, cursor = total + len(page["items"]), page["next"]
            if cursor is None:
                return total
