"""Legal terms as data and the arithmetic of deadlines; state machines are in `aksu_shared.kernel.machine`."""

from aksu_shared.kernel.terms.calendar import is_working_day, next_working_day
from aksu_shared.kernel.terms.term import Pause, Term, Unit, deadline, window_start
from aksu_shared.kernel.terms.terms import Terms, UnknownTerm, load_terms

__all__ = [
    "Pause",
    "Term",
    "Terms",
    "Unit",
    "UnknownTerm",
    "deadline",
    "is_working_day",
    "load_terms",
    "next_working_day",
    "window_start",
]
