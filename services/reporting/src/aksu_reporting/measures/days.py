"""Which licences are about to expire."""

from datetime import date
from typing import Final

from aksu_shared.terms import load_terms

TERMS: Final = load_terms()


def expiring_until(today: date) -> date:
    """The latest last day of a licence that counts as expiring on `today` (term `licence.expiring`, ≤ 3 months)."""
    return TERMS.window_reaches("licence.expiring", today)
