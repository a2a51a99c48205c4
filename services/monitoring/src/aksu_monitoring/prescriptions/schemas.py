"""The wire of prescriptions."""

from datetime import date
from typing import Self

from aksu_monitoring.prescriptions.rules import is_overdue
from aksu_shared.db.store import Kept
from aksu_shared.events.monitoring.prescriptions import PrescriptionState
from aksu_shared.kernel.schemas.base import Body, Versioned
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


class Issue(Body):
    """The executive director issues it. The term proposed counts from today, unless another last day is set."""

    due_on: date | None = None


class Declining(Body):
    """Why it is not issued."""

    reason: Note


class Acknowledgement(Body):
    """The provider takes note."""


class FulfilmentReport(Body):
    """What was done, and what shows it."""

    proof: Note


class Verification(Body):
    """An inspector who did not propose it saw it done."""


class NonFulfilment(Body):
    """What an inspector found instead."""

    reason: Note


class Extension(Body):
    """The last day of the one additional term, and why it is given."""

    due_on: date
    reason: Note
