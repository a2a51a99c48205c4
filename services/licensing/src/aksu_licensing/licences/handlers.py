"""What happens when a licence's last day is over."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from aksu_licensing.licences.service import EXPIRED, LicenceService
from aksu_licensing.licences.steps import expire
from aksu_shared.db.deadlines import Deadline
from aksu_shared.db.work import UnitOfWork
from aksu_shared.procedures.context import Context
from aksu_shared.worker.scheduler import DeadlineHandler


async def licence_expired(work: UnitOfWork, deadline: Deadline) -> None:
    """The last day of a licence is over."""
    await expire(LicenceService(Context.of(work)), UUID(deadline.subject))


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {EXPIRED: licence_expired}
