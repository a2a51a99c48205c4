"""What happens when a deadline comes."""

from uuid import UUID

from aksu_licensing.factory import Factory
from aksu_shared.db.deadlines import Deadline
from aksu_shared.db.work import UnitOfWork


async def term_approaching(work: UnitOfWork, deadline: Deadline) -> None:
    """A term of an application is about to end."""
    await Factory.of(work).applications().term_approaching(UUID(deadline.subject), revision=deadline.revision)


async def term_passed(work: UnitOfWork, deadline: Deadline) -> None:
    """The last day of a term of an application is over."""
    await Factory.of(work).applications().term_passed(UUID(deadline.subject), revision=deadline.revision)


async def licence_expired(work: UnitOfWork, deadline: Deadline) -> None:
    """The last day of a licence is over."""
    await Factory.of(work).licences().expire(UUID(deadline.subject))
