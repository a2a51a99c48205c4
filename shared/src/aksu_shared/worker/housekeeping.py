"""What has to be done from time to time: partitions ahead, old keys away, the head told, personal data erased."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import asyncpg
import structlog

from aksu_shared.worker.failure import database, is_infrastructure
from aksu_shared.worker.handover import Handover
from aksu_shared.worker.loop import turns
from aksu_shared.worker.metrics import PARKED
from aksu_shared.worker.progress import Progress, pause

MONTHS_AHEAD: Final = 2
IDEMPOTENCY_DAYS: Final = 7
_EVERY: Final = 3_600.0
_BEAT: Final = 10.0
_PORTION: Final = 5_000

_PARTITIONS: Final = f"""
SELECT change_log_partition((date_trunc('month', now()) + make_interval(months => ahead))::date)
  FROM generate_series(0, {MONTHS_AHEAD}) AS ahead"""
_PURGE: Final = f"""
WITH old AS (
  SELECT client, key FROM idempotency WHERE created_at < now() - interval '{IDEMPOTENCY_DAYS} days' LIMIT {_PORTION}
), gone AS (
  DELETE FROM idempotency i USING old WHERE i.client = old.client AND i.key = old.key RETURNING 1)
SELECT count(*) FROM gone"""
_HEAD_TOLD: Final = "SELECT head_published_on IS NOT DISTINCT FROM current_date FROM log_state"
_TELL_HEAD: Final = "UPDATE log_state SET head_published_on = current_date"

log = structlog.get_logger(__name__)


async def make_partitions(pool: asyncpg.Pool) -> None:
    """Make the change log's partitions of this month and the next two, in UTC; those there stay as they are."""
    await pool.execute(_PARTITIONS)


async def purge_idempotency(pool: asyncpg.Pool) -> int:
    """Delete the stored answers older than seven days, in portions; give how many."""
    total = 0
    while portion := await pool.fetchval(_PURGE):
        total += portion
    return total


class Housekeeping:
    """Runs in the process that holds the service's log: when it takes it, and every hour.

    `publish` tells the log's head to whoever keeps it elsewhere; it is called once a day. `expire` destroys the keys
    to personal data whose time is over, and gives how many.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        handover: Handover,
        progress: Progress,
        publish: Callable[[], Awaitable[None]] | None = None,
        expire: Callable[[], Awaitable[int]] | None = None,
    ) -> None:
        self._pool = pool
        self._publish = publish
        self._expire = expire
        self._handover = handover
        self._progress = progress
        self._next = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Keep house until `stop`."""
        await turns("housekeeping", lambda: self._turn(stop), stop=stop, progress=self._progress)

    async def _turn(self, stop: asyncio.Event) -> None:
        now = asyncio.get_running_loop().time()
        if self._handover.holder is not None and now >= self._next:
            with database():
                await self._keep()
            self._next = now + _EVERY
        self._progress.turned("housekeeping")
        await pause(stop, _BEAT)

    async def _keep(self) -> None:
        try:
            await make_partitions(self._pool)
        except asyncpg.PostgresError as error:
            if is_infrastructure(error):
                raise
            # The default partition takes rows meanwhile, so nothing is lost; but somebody has to look.
            log.exception("change_log_partition_not_made")
        if self._publish is not None and not await self._pool.fetchval(_HEAD_TOLD):
            await self._publish()
            await self._pool.execute(_TELL_HEAD)
        purged = await purge_idempotency(self._pool)
        PARKED.set(await self._pool.fetchval("SELECT count(*) FROM dead_letter WHERE outcome IS NULL"))
        expired = await self._expire() if self._expire is not None else 0
        log.info("house_kept", idempotency_purged=purged, subjects_expired=expired)
