"""A worker compares its copies with their owners by itself, and says aloud when they differ."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from aksu_local.served import Serve, Served
from aksu_local.waiting import eventually
from aksu_local.worker_rig import Consuming, Log
from aksu_reporting.worker import PARTS
from aksu_shared.bus import connect
from aksu_shared.db.notify import Notifier
from aksu_shared.events.registry.providers import ProviderEvent
from aksu_shared.kernel.clock import Clock
from aksu_shared.serving.health import Health
from aksu_shared.serving.server import serving
from aksu_shared.worker.applying import Applier
from aksu_shared.worker.copies import Copies
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.parts import Worker
from aksu_shared.worker.progress import Progress
from aksu_shared.worker.reconcile import Reconcile

OFFICER: dict[str, Any] = {"role": "licensing_officer", "body": "AKSU"}
PROVIDER = {"eik": "130007884", "name": "Фондация", "legal_form": "NGO", "seat_municipality": "BLG03"}
EVERY = 1


@dataclass(frozen=True, kw_only=True)
class Rig:
    """Reporting, which has copied a provider, and the loop under test, not yet running."""

    reporting: Served
    health: Health
    worker: Worker
    loop: Reconcile

    async def warning(self) -> str | None:
        return self.health.warnings.get("copies")


@pytest.fixture
async def rig(serve: Serve, fresh_bus: Callable[[], Awaitable[str]], tmp_path: Path) -> AsyncIterator[Rig]:
    registry, reporting = await serve("registry"), await serve("reporting")
    token = tmp_path / "token"
    token.write_text(registry.issuer.issue("service:reporting", roles=["integration"], body="AKSU"))
    assert (await registry.post("/v1/providers", PROVIDER, **OFFICER)).status_code == 201
    applier = Applier(reporting.worker, service="reporting", handlers=PARTS.handlers, clock=Clock())
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(connect(await fresh_bus(), cursors=reporting.worker))
        notifiers = [await stack.enter_async_context(Notifier(each.urls.worker)) for each in (registry, reporting)]
        await stack.enter_async_context(Log(registry.urls, registry.worker, notifiers[0], bus))
        async with Consuming(reporting.worker, bus, applier, notifiers[1]):
            await eventually(lambda: reporting.worker.fetchval("SELECT count(*) = 1 FROM provider"), within=20)
        health, handover = Health(), Handover()
        handover.taken(1, epoch="", position=0)
        worker = Worker(
            pool=reporting.worker, bus=bus, clock=Clock(), notifier=notifiers[1], progress=Progress(health),
            applier=applier, handover=handover, stop=asyncio.Event(),
        )  # fmt: skip
        url = await stack.enter_async_context(serving(registry.app, shutdown_seconds=1))
        config = reporting.config.model_copy(
            update={"feeds": {"registry": url}, "feed_token_file": token, "reconcile_seconds": EVERY}
        )
        copies: Copies = {fact: copy for fact, copy in PARTS.copies.items() if fact is ProviderEvent}
        loop = Reconcile(worker, config, copies, again=0.1)
        yield Rig(reporting=reporting, health=health, worker=worker, loop=loop)


async def test_a_copy_edited_by_hand_is_told_until_it_is_as_its_owner_says(rig: Rig) -> None:
    edit = "UPDATE provider SET name = $1"
    running = asyncio.create_task(rig.loop.run())
    await rig.reporting.worker.execute(edit, "Друго име")
    told = await eventually(rig.warning, within=20)
    assert (told is not None and "1 rows of copies differ" in told, (await rig.health.ready())[0]) == (True, True)
    assert REGISTRY.get_sample_value("aksu_copies_differing") == 1
    await rig.reporting.worker.execute(edit, PROVIDER["name"])
    await eventually(rig.warning, lambda seen: seen is None, within=20)
    assert REGISTRY.get_sample_value("aksu_copies_differing") == 0
    rig.worker.stop.set()
    await running


async def test_an_owner_that_cannot_be_asked_is_told_too(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("none")
    running = asyncio.create_task(rig.loop.run())
    told = await eventually(rig.warning, within=20)
    assert told is not None
    assert "could not be compared" in told
    rig.worker.stop.set()
    await running
