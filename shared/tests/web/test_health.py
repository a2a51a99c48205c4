"""When a process counts as alive, and when as ready."""

import asyncio
import subprocess
import sys

import httpx
import pytest

from aksu_shared.serving.health import Health, worker_app


class Time:
    def __init__(self) -> None:
        self.value = 100.0

    def __call__(self) -> float:
        return self.value


async def get(health: Health, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(worker_app(health))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)


async def test_a_loop_that_stops_makes_the_process_dead_until_it_moves_again() -> None:
    time = Time()
    health = Health(now=time)
    pulse = health.loop("sequencer", limit=5)
    health.loop("shipper", limit=60)
    time.value += 5
    assert (await get(health, "/healthz")).status_code == 200
    time.value += 1
    stuck = await get(health, "/healthz")
    assert (stuck.status_code, stuck.json()) == (
        503,
        {"status": "stuck", "seconds_since_progress": {"sequencer": 6.0, "shipper": 6.0}},
    )
    pulse.turned()
    assert (await get(health, "/healthz")).status_code == 200


async def test_a_failing_or_slow_check_makes_the_process_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aksu_shared.serving.health._CHECK_SECONDS", 0.05)

    async def fails() -> None:
        raise ConnectionError("10.0.0.1 secret")

    async def fine() -> None:
        return None

    health = Health()
    health.check("database", fine)
    health.check("bus", fails)
    health.check("schema", asyncio.Event().wait)
    answer = await get(health, "/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "ok", "bus": "failed", "schema": "failed"}
    assert "secret" not in answer.text


async def test_probes_in_a_row_run_the_checks_once() -> None:
    time = Time()
    runs: list[int] = []

    async def check() -> None:
        runs.append(1)

    health = Health(now=time)
    health.check("database", check)
    for _ in range(5):
        await get(health, "/readyz")
    assert len(runs) == 1
    time.value += 2
    await get(health, "/readyz")
    assert len(runs) == 2


async def test_a_worker_gives_its_figures() -> None:
    answer = await get(Health(), "/metrics")
    assert "process_cpu_seconds_total" in answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")


def test_a_worker_needs_no_fastapi() -> None:
    code = (
        "import sys, aksu_shared.serving.health, aksu_shared.serving.server;"
        "sys.exit(any(name.partition('.')[0] == 'fastapi' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_warning_is_shown_until_it_is_taken_back_and_makes_nothing_unready() -> None:
    health = Health()
    health.warn("log", "3 changes are held")
    answer = await get(health, "/readyz")
    assert (answer.status_code, answer.json()["warnings"]) == (200, {"log": "3 changes are held"})
    health.warn("log", None)
    assert "warnings" not in (await get(health, "/readyz")).json()
