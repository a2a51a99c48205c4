"""Revoked access on the wire."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from aksu_shared.db.store import Kept
from aksu_shared.events.registry.access import AccessState
from aksu_shared.kernel.schemas.base import Command, Versioned
from aksu_shared.kernel.schemas.codes import Line


class Revocation(Command):
    """Whose tokens stop counting, and why. `subject` is what stands in the `sub` of those tokens."""

    subject: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
    reason: Line


class RevocationRead(Versioned):
    """Since when tokens of a subject count; `id` is the subject's pseudonym."""

    id: str
    not_before: datetime

    @classmethod
    def of(cls, kept: Kept[AccessState]) -> Self:
        """The answer to a command."""
        return cls(id=kept.id, version=kept.version, not_before=kept.state.not_before)
