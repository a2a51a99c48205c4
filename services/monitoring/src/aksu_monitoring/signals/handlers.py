"""What happens when a deadline comes."""

from uuid import UUID

from aksu_monitoring.factory import Factory
from aksu_shared.auth.permissions import Rights
from aksu_shared.db.deadlines import Deadline
from aksu_shared.db.work import UnitOfWork


async def signal_term_passed(work: UnitOfWork, deadline: Deadline) -> None:
    """The last day to forward or to decide a signal is over."""
    await Factory(work, Rights.load()).signals().term_passed(UUID(deadline.subject), deadline.term)
