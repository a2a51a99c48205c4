"""One way to settle a batch: all of it at once, else by halves until the item at fault is alone, which is parked.

Failures of the database or the bus park nothing: they are raised, and whoever settles waits and tries again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from aksu_shared.worker.failure import fault_of, is_infrastructure

T = TypeVar("T")
R = TypeVar("R")

log = structlog.get_logger(__name__)


def _at_once(_error: Exception) -> Sequence[float]:
    return ()


def _unwatched() -> None:
    """Nobody watches how far the batch is."""


@dataclass(frozen=True, kw_only=True)
class Settling(Generic[T, R]):
    """How the items of one kind are settled.

    `apply` gives some of them their effect, in order, in one transaction: all of them or, when it raises, none.
    `park` sets one aside that fails alone. Somebody else may have settled it meanwhile, so `park` looks first.
    `pauses` are the seconds to wait before each further try of an item that failed alone.
    `moved` is told after each step: of a batch with an item that hangs, each half takes its whole time.
    """

    name: str
    apply: Callable[[Sequence[T]], Awaitable[R]]
    park: Callable[[T, Exception], Awaitable[R]]
    pauses: Callable[[Exception], Sequence[float]] = _at_once
    moved: Callable[[], None] = _unwatched

    async def settle(self, items: Sequence[T]) -> list[R]:
        """Apply or park every item, in order; give what each transaction did. Raises only what is_infrastructure."""
        if not items:
            return []
        try:
            done = await self.apply(items)
        except Exception as failure:
            if is_infrastructure(failure):
                raise
            error = failure
        else:
            self.moved()
            return [done]
        if len(items) == 1:
            return [await self._settle_alone(items[0], error)]
        log.warning("batch_halved", of=self.name, items=len(items), error=fault_of(error).detail)
        self.moved()
        half = len(items) // 2
        return [*await self.settle(items[:half]), *await self.settle(items[half:])]

    async def _settle_alone(self, item: T, error: Exception) -> R:
        for pause in self.pauses(error):
            await asyncio.sleep(pause)
            self.moved()
            try:
                done = await self.apply([item])
            except Exception as failure:
                if is_infrastructure(failure):
                    raise
                error = failure
            else:
                self.moved()
                return done
        done = await self.park(item, error)
        self.moved()
        return done
