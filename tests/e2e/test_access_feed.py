"""While the bus is silent the registry itself is asked who lost access: writes go on, and nobody revoked slips in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from aksu_local.served import Serve, Served
from aksu_local.waiting import eventually
from aksu_local.worker_rig import Consuming, Log
from aksu_monitoring.worker import PARTS
from aksu_shared.bus import connect
from aksu_shared.db.notify import Notifier
from aksu_shared.kernel.clock import Clock
from aksu_shared.serving.health import Health
from aksu_shared.serving.server import serving
from aksu_shared.worker.access_feed import AccessFeed
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.progress import Progress

PATIENCE = 3.0
REVOKED = "SELECT count(*) FROM access_revocation"


@dataclass(kw_only=True)
class Pair:
    """The registry, reached over HTTP only, and monitoring, to which no bus brings anything."""

    registry: Served
    monitoring: Served
    applier: Applier
    notifier: Notifier
    registrys: Notifier
    token: Path
    progress: Progress = field(default_factory=lambda: Progress(Health()))

    def headers(self) -> dict[str, str]:
        """Those of the integration, with a token issued now."""
        token = self.monitoring.headers("integration", None, subject="portal")
        return token | {"Content-Type": "application/cloudevents+json"}

    async def push(self, headers: dict[str, str] | None = None) -> int:
        """Push the start of an inspection; the answer's status."""
        event = {
            "specversion": "1.0",
            "id": str(uuid4()),
            "source": "/integrations/portal",
            "subject": str(uuid4()),
            "sequence": 1,
            "type": "bg.aksu.ingest.inspection.started.v1",
            "data": {
                "kind": "PLANNED",
                "started_on": "2026-03-02",
                "place": {"municipality": "BLG03", "settlement": "гр. Благоевград", "address": "ул. Примерна 1"},
            },
        }
        sent = headers or self.headers()
        return (await self.monitoring.client.post("/v1/inspection-events", json=event, headers=sent)).status_code

    async def pushed(self, status: int) -> None:
        await eventually(self.push, lambda seen: seen == status, within=20, every=0.2)

    async def revoke(self, subject: str) -> None:
        body = {"subject": subject, "reason": "напуснал"}
        asked = await self.registry.post("/v1/access-requests", body, role="operator")
        assert asked.status_code == 201, asked.text
        path = f"{asked.headers['Location']}/confirm"
        answer = await self.registry.post(path, {}, role="executive_director", body="AKSU")
        assert answer.status_code == 200, answer.text

    async def known(self, revocations: int) -> None:
        await eventually(lambda: self.monitoring.worker.fetchval(REVOKED), lambda seen: seen == revocations, within=20)

    def sequencing(self, bus: Any = None) -> Log:
        """The registry's worker: its sequencer, with a bus its shipper too."""
        return Log(self.registry.urls, self.registry.worker, self.registrys, bus)

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """The registry's API on a port, and the loop under test."""
        handover, stop = Handover(), asyncio.Event()
        handover.taken(1, epoch="", position=0)
        async with serving(self.registry.app, shutdown_seconds=1) as url:
            config = self.monitoring.config.model_copy(
                update={"feeds": {"registry": url}, "feed_token_file": self.token}
            )
            loop = AccessFeed(
                self.monitoring.worker,
                self.applier,
                config=config,
                handover=handover,
                notifier=self.notifier,
                progress=self.progress,
            )
            running = asyncio.create_task(loop.run(stop))
            try:
                yield
            finally:
                stop.set()
                await running


@pytest.fixture
async def pair(serve: Serve, tmp_path: Path) -> AsyncIterator[Pair]:
    registry, monitoring = await serve("registry"), await serve("monitoring", access_patience_seconds=PATIENCE)
    token = tmp_path / "token"
    token.write_text(registry.issuer.issue("service:monitoring", roles=["integration"], body="AKSU"))
    async with AsyncExitStack() as stack:
        yield Pair(
            registry=registry,
            monitoring=monitoring,
            applier=Applier(monitoring.worker, service="monitoring", handlers=PARTS.handlers, clock=Clock()),
            notifier=await stack.enter_async_context(Notifier(monitoring.urls.worker)),
            registrys=await stack.enter_async_context(Notifier(registry.urls.worker)),
            token=token,
        )


async def test_writes_go_on_and_who_is_revoked_meanwhile_is_refused(pair: Pair) -> None:
    assert await pair.push() == 503
    async with pair.sequencing(), pair.asking():
        await pair.pushed(202)
        await asyncio.sleep(1.5 * PATIENCE)
        old = pair.headers()
        assert await pair.push(old) == 202
        await pair.revoke("portal")
        await pair.known(1)
        assert await pair.push(old) == 401
        await asyncio.sleep(1)  # tokens count in whole seconds
        assert await pair.push() == 202
    await pair.pushed(503)  # nobody asks any more


async def test_what_the_feed_cannot_tell_yet_is_not_taken_for_known(pair: Pair) -> None:
    async with pair.asking():
        async with pair.sequencing():
            await pair.pushed(202)
        old = pair.headers()
        await pair.revoke("portal")  # committed, and nobody gives it a position
        await pair.pushed(503)
        async with pair.sequencing():
            await pair.pushed(202)
            assert await pair.push(old) == 401


async def test_what_the_bus_brings_again_takes_no_second_effect(
    pair: Pair, fresh_bus: Callable[[], Awaitable[str]]
) -> None:
    by_bus = "SELECT coalesce(max(position), 0) FROM source_state WHERE source = 'registry'"
    await pair.revoke("leaver")
    async with connect(await fresh_bus(), cursors=pair.monitoring.worker) as bus, pair.sequencing(bus), pair.asking():
        await pair.known(1)
        assert await pair.monitoring.worker.fetchval(by_bus) == 0
        async with Consuming(pair.monitoring.worker, bus, pair.applier, pair.notifier):
            await eventually(lambda: pair.monitoring.worker.fetchval(by_bus), within=20)
    assert await pair.monitoring.worker.fetchval("SELECT count(*) FROM inbox") == 1
    assert await pair.monitoring.worker.fetchval("SELECT count(*) FROM dead_letter") == 0


async def test_when_the_bus_beats_the_registry_is_asked_no_more(pair: Pair) -> None:
    beat = "UPDATE source_state SET heard_at = clock_timestamp() WHERE source = 'registry'"
    async with pair.sequencing(), pair.asking():
        await pair.pushed(202)
        for _ in range(50):  # longer than the feed waits for news
            await pair.monitoring.worker.execute(beat)
            await asyncio.sleep(0.1)
        await pair.revoke("leaver")
        for _ in range(10):
            await pair.monitoring.worker.execute(beat)
            await asyncio.sleep(0.1)
        assert await pair.monitoring.worker.fetchval(REVOKED) == 0  # that is the bus's to bring
