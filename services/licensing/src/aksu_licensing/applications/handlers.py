"""What happens when a term of an application is about to end, and when it has ended."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from aksu_licensing.applications.service import TERM_APPROACHING, TERM_PASSED, ApplicationService
from aksu_shared.db.deadlines import Deadline
from aksu_shared.db.work import UnitOfWork
from aksu_shared.procedures.context import Context
from aksu_shared.worker.scheduler import DeadlineHandler


async def term_approaching(work: UnitOfWork, deadline: Deadline) -> None:
    """A term of an application is about to end."""
    applications = ApplicationService(Context.of(work))
    await applications.term_approaching(UUID(deadline.subject), revision=deadline.revision)


async def term_passed(work: UnitOfWork, deadline: Deadline) -> None:
    """The last day of a term of an application is over."""
    applications = ApplicationService(Context.of(work))
    await applications.term_passed(UUID(deadline.subject), revision=deadline.revision)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {TERM_APPROACHING: term_approaching, TERM_PASSED: term_passed}
