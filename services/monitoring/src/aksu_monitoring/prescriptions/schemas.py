"""The wire of prescriptions."""

from datetime import date
from typing import Self

from aksu_monitoring.prescriptions.rules import is_overdue
from aksu_shared.db.store import Kept
from aksu_shared.events.monitoring.prescriptions import PrescriptionState
from aksu_shared.kernel.schemas.base import Command, Versioned
from aksu_shared.kernel.schemas.codes import Note


class PrescriptionRead(Versioned, PrescriptionState):
    """A prescription; `overdue` as of today in Europe/Sofia. `text` and `proof` are null for who may not read them."""

    overdue: bool | None = None
    text: str | None = None
    proof: str | None = None

    @classmethod
    def of(cls, kept: Kept[PrescriptionState], *, today: date) -> Self:
        """The answer to a command."""
        overdue = is_overdue(kept.state, today=today)
        return cls.model_validate(kept.state.model_dump() | {"version": kept.version, "overdue": overdue})


class Acknowledgement(Command):
    """The provider takes note."""


class FulfilmentReport(Command):
    """What was done, and what shows it."""

    proof: Note


class Verification(Command):
    """An inspector saw it done."""


class NonFulfilment(Command):
    """What an inspector found instead."""

    reason: Note


class Extension(Command):
    """A later last day, and why."""

    due_on: date
    reason: Note
