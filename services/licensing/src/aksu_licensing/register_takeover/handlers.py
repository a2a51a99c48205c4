"""The rows of the public register, as the registry tells of them, become licences."""

from collections.abc import Sequence
from typing import Final

from aksu_licensing.register_takeover.service import TakeoverService
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.register_import import RegisterRowImported
from aksu_shared.procedures.context import Context
from aksu_shared.worker.routing import Handlers


async def take_over(work: UnitOfWork, events: Sequence[RegisterRowImported]) -> None:
    """Make the licences that the rows of the public register state."""
    await TakeoverService(Context.of(work)).take_over(events)


HANDLERS: Final[Handlers] = {RegisterRowImported: take_over}
