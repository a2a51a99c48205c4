"""The set of legal terms: rows that features declare in `terms.toml`; an installation's own file may replace them.

One `[[term]]` per key and period of validity:

    unit          day | working_day | month | year, with `length`; date, with `on` = "MM-DD" (each year), "YYYY-MM-DD"
    legal_basis   as exactly as it is known; a bare act or range of articles says that the article is still to be named
    roll          false: the end does not move to the next working day (a validity, a window; not an act to be done)
    confirmed     false: an assumption still to be confirmed by a lawyer
    valid_from, valid_to   TOML dates, inclusive; left out = open
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from aksu_shared.kernel.declared import text
from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.terms.term import Pause, Term, Unit, deadline, window_start

_DAY: Final = timedelta(days=1)


class UnknownTerm(LookupError):
    """No row of the term is in force on the day asked for: a fault of the configuration, not of the caller."""


class Terms:
    """Legal terms by key; a key has one row for each period of validity."""

    def __init__(self, rows: Iterable[Term]) -> None:
        by_key: defaultdict[str, list[Term]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: (row.key, row.valid_from)):
            by_key[row.key].append(row)
        self._rows: Mapping[str, tuple[Term, ...]] = {key: tuple(found) for key, found in by_key.items()}
        for earlier, later in (pair for found in self._rows.values() for pair in pairwise(found)):
            if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
                msg = f"rows of term {later.key} overlap on {later.valid_from}"
                raise ValueError(msg)

    def __iter__(self) -> Iterator[Term]:
        """All rows, by key and validity."""
        return (row for found in self._rows.values() for row in found)

    def __contains__(self, key: object) -> bool:
        """Whether there is any row with this key."""
        return key in self._rows

    def get(self, key: str, *, on: date) -> Term:
        """The row in force on a day. Raises `UnknownTerm`."""
        for row in self._rows.get(key, ()):
            if row.covers(on):
                return row
        msg = f"no row of term {key!r} is in force on {on}"
        raise UnknownTerm(msg)

    def deadline(self, key: str, start: date, *, pauses: Iterable[Pause] = ()) -> date:
        """The last day of the term that begins with an event on `start`, by the row then in force."""
        return deadline(self.get(key, on=start), start, pauses=pauses)

    def window_start(self, key: str, end: date) -> date:
        """The first day of the window before `end`, by the row in force on `end`."""
        return window_start(self.get(key, on=end), end)

    def window_reaches(self, key: str, today: date) -> date:
        """The latest end whose window has begun by `today`.

        Several ends may share the first day of their window: 28 to 31 May are all three months after 28 February.
        """
        end = self.deadline(key, today)
        while self.window_start(key, end + _DAY) <= today:
            end += _DAY
        return end

    def replaced_by(self, rows: Iterable[Term]) -> "Terms":
        """A new set in which all rows of the keys in `rows` are replaced."""
        new = tuple(rows)
        keys = {row.key for row in new}
        return Terms([*(row for row in self if row.key not in keys), *new])


def load_terms(override: Path | None = None) -> Terms:
    """The packaged terms; a TOML file of the same shape replaces those keys that it names.

    Raises `ValueError` naming the row that is wrong.
    """
    terms = Terms(_parse(text("terms")))
    return terms if override is None else terms.replaced_by(_parse(override.read_text(encoding="utf-8")))


def _parse(text: str) -> Iterator[Term]:
    for row in tomllib.loads(text)["term"]:
        yield _term(row)


def _term(row: dict[str, Any]) -> Term:
    values = dict(row)
    try:
        label = Text(values.pop("bg"), values.pop("en"))
        return Term(unit=Unit(values.pop("unit")), text=label, **values)
    except (KeyError, TypeError, ValueError) as error:
        msg = f"term {row.get('key', '?')}: {error}"
        raise ValueError(msg) from error
