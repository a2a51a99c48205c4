"""Whether a process is alive (its loops move) and ready (what it needs answers); and the worker's tiny application."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Check = Callable[[], Awaitable[object]]

_CHECK_SECONDS: Final = 2.0
_REMEMBERED_SECONDS: Final = 1.0
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Pulse:
    """When one loop last turned; alive while that is at most `limit` seconds old."""

    limit: float
    now: Callable[[], float]
    last: float = field(init=False)

    def __post_init__(self) -> None:
        self.last = self.now()

    def turned(self) -> None:
        """Say that the loop has moved: once per round, also when the round found nothing to do."""
        self.last = self.now()

    @property
    def age(self) -> float:
        """Seconds since the last turn."""
        return self.now() - self.last


class Health:
    """Liveness from loops, readiness from checks. `draining` turns readiness off before a process leaves."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self.draining = False
        self._now = now
        self._loops: dict[str, Pulse] = {}
        self._checks: dict[str, Check] = {}
        self.warnings: dict[str, str] = {}
        """What somebody has to look at although the process is ready."""
        self._last: tuple[float, dict[str, str]] | None = None

    def loop(self, name: str, *, limit: float = 60) -> Pulse:
        """Register a loop that has to turn at least every `limit` seconds."""
        pulse = self._loops[name] = Pulse(limit, self._now)
        return pulse

    def check(self, name: str, check: Check) -> None:
        """Register a readiness check: a coroutine function that raises, or takes over 2 s, when it is not."""
        self._checks[name] = check

    def warn(self, about: str, text: str | None) -> None:
        """Show a warning until it is taken back by None."""
        if text is None:
            self.warnings.pop(about, None)
        else:
            self.warnings[about] = text

    def alive(self) -> tuple[bool, dict[str, float]]:
        """Whether every loop moves, and the seconds since each did."""
        ages = {name: round(pulse.age, 1) for name, pulse in self._loops.items()}
        return all(pulse.age <= pulse.limit for pulse in self._loops.values()), ages

    async def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether every check holds, and the state of each; an answer is remembered for a second."""
        if self._last is None or self._now() - self._last[0] > _REMEMBERED_SECONDS:
            states = await asyncio.gather(*(_state(name, check) for name, check in self._checks.items()))
            self._last = (self._now(), dict(zip(self._checks, states, strict=True)))
        states_by_name = self._last[1]
        ok = not self.draining and all(state == "ok" for state in states_by_name.values())
        return ok, states_by_name | ({"process": "draining"} if self.draining else {})


async def _state(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check()
    except Exception as error:  # noqa: BLE001 - whatever is wrong, it is not ready
        _log.warning("Readiness check failed", check=name, error=type(error).__name__)
        return "failed"
    return "ok"


def health_routes(health: Health) -> list[Route]:
    """`/healthz`, `/readyz`, `/metrics`: the same on api and worker."""

    async def healthz(_request: Request) -> Response:
        alive, loops = health.alive()
        return _answer(ok=alive, body={"status": "alive" if alive else "stuck", "seconds_since_progress": loops})

    async def readyz(_request: Request) -> Response:
        ready, checks = await health.ready()
        body: dict[str, object] = {"status": "ready" if ready else "not ready", "checks": checks}
        return _answer(ok=ready, body=body | ({"warnings": health.warnings} if health.warnings else {}))

    async def metrics(_request: Request) -> Response:
        from aksu_shared.serving.metrics import exposition  # noqa: PLC0415 - registers its figures when first asked

        body, media_type = exposition()
        return Response(body, media_type=media_type)

    return [
        Route("/healthz", healthz, include_in_schema=False),
        Route("/readyz", readyz, include_in_schema=False),
        Route("/metrics", metrics, include_in_schema=False),
    ]


def worker_app(health: Health) -> Starlette:
    """All the HTTP a worker has."""
    return Starlette(routes=list(health_routes(health)))


def _answer(*, ok: bool, body: dict[str, object]) -> Response:
    headers = {"Cache-Control": "no-store"} | ({} if ok else {"Retry-After": "1"})
    return Response(json.dumps(body), 200 if ok else 503, headers, media_type="application/json")
