"""Which licences are about to expire."""

from datetime import date, timedelta
from typing import Final

from aksu_shared.terms import Terms, load_terms, window_start
from aksu_shared.terms.term import Unit, add_months

TERMS: Final = load_terms()
_DAY: Final = timedelta(days=1)


def expiring_until(today: date, *, terms: Terms = TERMS) -> date:
    """The latest last day of a licence that counts as expiring on `today` (term `licence.expiring`, ≤ 3 months).

    A window counted back from the end may begin on one day for several ends: those of 28 to 31 May begin on
    28 February, so on that day licences up to 31 May are expiring.
    """
    term = terms.get("licence.expiring", on=today)
    last = add_months(today, term.length) if term.unit is Unit.MONTH else today
    while window_start(term, last + _DAY) <= today:
        last += _DAY
    return last
