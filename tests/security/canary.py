"""Canaries: names, numbers and addresses of nobody, unlike any other text, and the search for them everywhere.

What is planted in a field that takes personal data, or in one that does not, may be found again in the answers of the
routes that are there to tell it, and nowhere else.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import quote

import asyncpg

_WEIGHTS: Final = (2, 4, 8, 5, 10, 9, 7, 3, 6)
_LETTERS: Final = "бвгджзклмнпрстфхцчшщ"
_VOWELS: Final = "аеиоуъ"
_CHUNK: Final = 8 << 20


def egn(random: Random) -> str:
    """A valid fictive ЕГН: a day, three digits, the check digit."""
    digits = f"{random.randint(50, 99)}{random.randint(1, 12):02}{random.randint(1, 28):02}{random.randint(0, 999):03}"
    return digits + str(sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11 % 10)


@dataclass
class Canaries:
    """Makes canaries, each for the place it is planted in, and finds them again."""

    random: Random
    planted: dict[str, str] = field(default_factory=dict)
    """Canary → where it was planted."""
    _forms: dict[str, str] = field(default_factory=dict)

    def name(self, place: str) -> str:
        """A name of two words that nobody bears."""
        return self._plant(f"{self._word()} {self._word()}", place)

    def egn(self, place: str) -> str:
        """A valid ЕГН."""
        return self._plant(egn(self.random), place)

    def phone(self, place: str) -> str:
        """A mobile number."""
        return self._plant(f"089{self.random.randint(10**6, 10**7 - 1)}", place)

    def email(self, place: str) -> str:
        """An address; also the `sub` of a token."""
        return self._plant(f"kan{self.random.randrange(10**9):09}.x@example.bg", place)

    def found(self, text: str) -> set[str]:
        """Where the canaries that a text holds, in whatever writing, were planted."""
        folded = text.lower()
        return {place for form, place in self._forms.items() if form in folded}

    def _plant(self, canary: str, place: str) -> str:
        self.planted[canary] = place
        self._forms |= {form.lower(): place for form in writings(canary)}
        return canary

    def _word(self) -> str:
        letters = (self.random.choice(group) for _ in range(5) for group in (_LETTERS, _VOWELS))
        return "".join(letters).capitalize()


def writings(canary: str) -> Iterator[str]:
    """A canary as it is, and as addresses, JSON, bytea and logs write it; of a name each word, which tells enough."""
    for part in {canary, *canary.split()}:
        yield part
        yield quote(part)
        yield json.dumps(part)[1:-1]
        yield part.encode().hex()
        yield part.encode().decode("latin-1")
        yield ascii(part)[1:-1]
        yield re.sub(r"(?<=\d)(?=(\d{3})+$)", " ", part) if part.isdecimal() else part


async def in_database(url: str, canaries: Canaries) -> set[str]:
    """Table and place of planting of each canary that a row, as text, holds; `url` of somebody who sees every row."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        )
        found = set()
        database = await connection.fetchval("SELECT current_database()")
        for (table,) in tables:
            rows = await connection.fetchval(f"SELECT string_agg(t::text, E'\n') FROM {table} AS t")
            found |= {f"{database} {table}: {place}" for place in canaries.found(rows or "")}
        return found
    finally:
        await connection.close()


def in_files(folder: Path, canaries: Canaries, *, names: Iterable[str]) -> set[str]:
    """File and place of planting of each canary that the files below a folder hold."""
    found = set()
    for file in sorted(path for name in names for path in folder.rglob(name) if path.is_file()):
        with file.open("rb") as stream:
            while data := stream.read(_CHUNK):
                found |= {f"{file.name}: {place}" for place in canaries.found(data.decode("utf-8", "replace"))}
    return found


def marked(value: Any, canaries: Canaries, place: str) -> Any:
    """A body with a canary in each of its texts, and one more in a field that nobody declared."""
    if isinstance(value, dict):
        return {name: marked(each, canaries, place) for name, each in value.items()} | {"leak": canaries.name(place)}
    if isinstance(value, list):
        return [marked(each, canaries, place) for each in value]
    return canaries.name(place) if isinstance(value, str) else value
