"""A worker of one of the rig's services in a process of its own, for tests that stop or kill it.

Usage: python -m aksu_local.worker_member registry|monitoring HEALTH_PORT, settings in the environment as for a service.
"""

import sys
import time
from collections.abc import Sequence

import asyncpg
import uvloop

from aksu_local.worker_rig import copy_places
from aksu_shared.config.base import BaseConfig
from aksu_shared.db.deadlines import Deadline
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.places import PlaceEvent
from aksu_shared.kernel.logging import configure_logging
from aksu_shared.worker import process
from aksu_shared.worker.parts import WorkerParts
from aksu_shared.worker.routing import Handlers


async def copy_or_block(work: UnitOfWork, events: Sequence[PlaceEvent]) -> None:
    """Monitoring's handler; an address `block` blocks the event loop, as a handler must not."""
    if any(event.state.address == "block" for event in events):
        time.sleep(60)  # noqa: ASYNC251 - that is what the guard is for
    await copy_places(work, events)


async def fire(work: UnitOfWork, deadline: Deadline) -> None:
    """The registry's handler of deadlines: one row for each firing, in its transaction."""
    await work.connection.execute(
        "INSERT INTO effect (place, version) VALUES ($1, $2)", deadline.subject, deadline.revision
    )


async def _any_schema(_service: str, _pool: asyncpg.Pool) -> None:
    """The rig's tables come from no migration."""


def main(service: str, health_port: str) -> None:
    """Run the worker until told to stop."""
    configure_logging(level="INFO")
    setattr(process, "require_known_schema", _any_schema)  # noqa: B010 - mypy refuses the plain assignment
    handlers: Handlers = {PlaceEvent: copy_or_block} if service == "monitoring" else {}
    parts = WorkerParts(service=service, handlers=handlers, deadlines={"EXPIRY": fire})
    config = BaseConfig()
    uvloop.run(process.run_worker(parts, config, health_port=int(health_port)))


if __name__ == "__main__":
    main(*sys.argv[1:])
