"""What a worker does once a day, as configured."""

from collections.abc import Awaitable, Callable

import structlog

from aksu_shared.config.base import BaseConfig
from aksu_shared.privacy.expiry import expire, hide_restricted
from aksu_shared.privacy.holdings import Holdings
from aksu_shared.worker.heads import append_head, contradictions, head_of, publish_head, read_heads
from aksu_shared.worker.parts import Worker

log = structlog.get_logger(__name__)


def head_publisher(service: str, config: BaseConfig, worker: Worker) -> Callable[[], Awaitable[None]] | None:
    """How the head of the log is published daily, as configured; None when it is not."""
    if config.head_file is None and not config.head_topic:
        return None

    async def publish() -> None:
        head = await head_of(worker.pool, service)
        if config.head_file is not None:
            known = read_heads(config.head_file, service) if config.head_file.exists() else []
            for each in await contradictions(worker.pool, known[-1:]):
                log.critical("log_contradicts_published_head", kind=each.kind, position=each.head.position)
            append_head(config.head_file, head)
        if config.head_topic:
            await publish_head(worker.bus, head)

    return publish


def expiry(config: BaseConfig, worker: Worker, holdings: Holdings) -> Callable[[], Awaitable[int]] | None:
    """How personal data are hidden, and keys to them destroyed, when it is time; None where none are held."""
    retention = config.retention
    if retention is None:
        return None

    async def due() -> int:
        await hide_restricted(worker.pool, holdings)
        return await expire(worker.pool, retention, holdings, now=worker.clock.now())

    return due
