"""What happens to signals when a deadline comes."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from aksu_monitoring.signals.service import TERM_PASSED, SignalService
from aksu_shared.db.deadlines import Deadline
from aksu_shared.db.work import UnitOfWork
from aksu_shared.procedures.context import Context
from aksu_shared.worker.scheduler import DeadlineHandler


async def on_term_passed(work: UnitOfWork, deadline: Deadline) -> None:
    """The last day to forward or to decide a signal is over."""
    await SignalService(Context.of(work)).term_passed(UUID(deadline.subject), deadline.term)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {TERM_PASSED: on_term_passed}
