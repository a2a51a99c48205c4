"""Who sees and may do what, worked out anew from the words of `permissions.toml`: shares no code with the platform.

The file is read as text of the law, the rest is written down here from the documentation: which keys a body holds,
what its relation to an object is. Tests compare every door with it.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parents[2] / "shared/src/aksu_shared/kernel/declared/permissions.toml"
LAW: Final[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))
ROLES: Final = tuple(LAW["roles"])
NATIONAL: Final = ("AKSU", "MLSP", "ASP")


@dataclass(frozen=True)
class Caller:
    """A token's one role and its body; neither for a caller without a token."""

    role: str | None
    body: str | None

    @property
    def counts(self) -> bool:
        """Whether the role is one for this kind of body."""
        if self.role is None:
            return False
        kinds = LAW["roles"][self.role]["kinds"]
        return not kinds or (self.body is not None and self.body.split(":")[0] in kinds)

    @property
    def employed(self) -> bool:
        """Whether the role is one that only people of such a body have."""
        return self.counts and self.role is not None and bool(LAW["roles"][self.role]["kinds"])

    @property
    def territory(self) -> str | None:
        """Where the body is competent; a provider nowhere."""
        if self.body in NATIONAL:
            return "BG"
        kind, _, rest = (self.body or "").partition(":")
        return None if kind in {"", "PROVIDER"} else rest

    def __str__(self) -> str:
        return f"{self.role or 'nobody'}@{self.body or '-'}"


@dataclass(frozen=True)
class Thing:
    """An object: where it lies, whose it is, who takes part, and by which keys it is seen."""

    territory: str | None = None
    owner: str | None = None
    parties: tuple[str, ...] = ()
    keys: frozenset[str] = field(default_factory=frozenset)


PUBLIC: Final = Thing(keys=frozenset({"public"}))


def keys_of(caller: Caller) -> set[str]:
    """What the caller holds to see by."""
    keys = {"public"}
    if caller.employed:
        keys.add(f"b:{caller.body}")
        if caller.territory:
            keys.add(caller.territory)
    return keys


def sees(caller: Caller, keys: Iterable[str]) -> bool:
    """Whether an object with these keys is visible."""
    return not keys_of(caller).isdisjoint(keys)


def granted(caller: Caller, right: str) -> set[str]:
    """Relations in which the caller may do it."""
    row: dict[str, list[str]] = LAW["actions"][right]
    relations = set(row.get("public", ()))
    if caller.role is not None and caller.counts:
        relations |= set(row.get(caller.role, ()))
    return relations


def may(caller: Caller, right: str, thing: Thing) -> bool:
    """Whether the caller may do it to the thing, if it sees it."""
    allowed = granted(caller, right)
    return "any" in allowed or any(relation in allowed for relation in relations(caller, thing))


def relations(caller: Caller, thing: Thing) -> Iterator[str]:
    """How the caller's body stands to the thing."""
    mine, there = caller.territory, thing.territory
    if caller.body is not None and thing.owner == caller.body:
        yield "own"
    if caller.body in thing.parties:
        yield "party"
    if mine is None or there is None:
        return
    if thing.owner is None and mine == there:
        yield "own"
    if mine == there or inside(there, mine):
        yield "below"
    elif inside(mine, there):
        yield "above"


def inside(inner: str, outer: str) -> bool:
    """Whether a territory is a part of another: BLG03 of BLG, both of BG."""
    return outer == "BG" or (len(inner) == len("BLG03") and len(outer) == len("BLG") and inner.startswith(outer))


def public_row(municipality: str | None, *bodies: str | None) -> frozenset[str]:
    """Keys of what everybody may see, lying in a municipality and concerning bodies."""
    return restricted_row(municipality, *bodies) | {"public"}


def restricted_row(municipality: str | None, *bodies: str | None) -> frozenset[str]:
    """Keys of what only the territory's levels and the bodies concerned may see."""
    where = {municipality, municipality[:3]} if municipality else set()
    return frozenset({"BG"} | where | {f"b:{body}" for body in bodies if body})
