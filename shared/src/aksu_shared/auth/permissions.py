"""Who may do what to whose objects: `permissions.toml`, read once, asked with one predicate."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, Literal, get_args

from aksu_shared.auth.principal import NATION, Principal, Role, parse_body, permissions_file
from aksu_shared.kernel.errors import Forbidden, NotAuthenticated, Text

Relation = Literal["any", "own", "below", "above", "party"]
_RELATIONS: Final = frozenset(get_args(Relation))
_ACTION: Final = re.compile(r"[a-z]+\.[a-z_]+\.[a-z_]+")
_OBLAST_LETTERS: Final = 3
_NOTHING: Final[frozenset[Relation]] = frozenset()
_REMEMBERED: Final = 4096
"""Answers kept at most: which roles come together is up to the issuer of the tokens."""


@dataclass(frozen=True, slots=True)
class RoleRule:
    """A role's label, and the kinds of body it counts for; empty means that it needs none."""

    text: Text
    kinds: frozenset[str]


class Rights:
    """The table of rights. Construction refuses one that names unknown roles or relations."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.roles: Mapping[Role, RoleRule] = {
            Role(name): RoleRule(Text(row["bg"], row["en"]), frozenset(row["kinds"]))
            for name, row in table["roles"].items()
        }
        self._actions = {action: _grants(action, row) for action, row in table["actions"].items()}
        self.recorded = frozenset(table.get("audit", {}).get("recorded", ()))
        self.basis: Mapping[str, str] = table.get("basis", {})
        """Right → the article that gives it."""
        self._resolved = lru_cache(maxsize=_REMEMBERED)(self._resolve)
        if missing := set(Role) - self.roles.keys():
            raise ValueError(f"roles without a rule: {sorted(missing)}")
        if unknown := self.recorded - self._actions.keys():
            raise ValueError(f"no rights: {sorted(unknown)}")

    @classmethod
    @cache
    def load(cls) -> "Rights":
        """The rights of the platform, from the file beside this module."""
        return cls(permissions_file())

    @property
    def actions(self) -> Collection[str]:
        """Every right there is."""
        return self._actions.keys()

    def granted(self, principal: Principal, action: str) -> frozenset[Relation]:
        """In which relations `principal` may do `action`; empty: in none. Raises ValueError for an unknown right."""
        return self._resolved(principal.roles, principal.body and parse_body(principal.body).kind, action)

    def allows(
        self,
        principal: Principal,
        action: str,
        *,
        territory: str | None = None,
        owner: str | None = None,
        parties: Collection[str] = (),
    ) -> bool:
        """Whether `principal` may do `action` to an object.

        `territory` is the code where it lies (BG, BLG, BLG01), `owner` the code of the body it belongs to,
        `parties` those of the bodies that take part in it. An object without either is reached by `any` alone.
        """
        relations = self.granted(principal, action)
        if "any" in relations:
            return True
        if not relations or principal.body is None:
            return False
        return not relations.isdisjoint(_relations(principal.body, territory, owner, parties))

    def check(
        self,
        principal: Principal,
        action: str,
        *,
        territory: str | None = None,
        owner: str | None = None,
        parties: Collection[str] = (),
    ) -> None:
        """Raise Forbidden naming right and article unless `allows`; NotAuthenticated for a caller without a token."""
        if not self.allows(principal, action, territory=territory, owner=owner, parties=parties):
            raise self.refusal(principal, action)

    def refusal(self, principal: Principal, action: str) -> Forbidden | NotAuthenticated:
        """What to raise when `principal` lacks `action`: a caller without a token is asked for one."""
        if principal.anonymous:
            return NotAuthenticated(headers={"WWW-Authenticate": 'Bearer realm="aksu"'})
        if basis := self.basis.get(action):
            return Forbidden(right=action, legal_basis=basis)
        return Forbidden(right=action)

    def _resolve(self, roles: frozenset[Role], kind: str | None, action: str) -> frozenset[Relation]:
        grants = self._actions.get(action)
        if grants is None:
            raise ValueError(f"there is no right {action!r} in permissions.toml")
        counting = (role for role in roles if not (kinds := self.roles[role].kinds) or kind in kinds)
        return _NOTHING.union(*(grants.get(role, _NOTHING) for role in counting))


def contains(outer: str, inner: str) -> bool:
    """Whether territory `inner` is `outer` or lies inside it: BG ⊇ BLG ⊇ BLG01."""
    return outer in {NATION, inner} or (len(outer) == _OBLAST_LETTERS and inner[:_OBLAST_LETTERS] == outer)


def _relations(body: str, territory: str | None, owner: str | None, parties: Collection[str]) -> set[Relation]:
    found: set[Relation] = set()
    mine = parse_body(body).territory
    if owner == body or (owner is None and mine is not None and mine == territory):
        found.add("own")
    if body in parties:
        found.add("party")
    if mine is not None and territory is not None:
        if contains(mine, territory):
            found.add("below")
        elif contains(territory, mine):
            found.add("above")
    return found


def _grants(action: str, row: Mapping[str, Any]) -> Mapping[Role, frozenset[Relation]]:
    if not _ACTION.fullmatch(action):
        raise ValueError(f"{action!r} is not <service>.<thing>.<verb>")
    for role, relations in row.items():
        if not relations or not _RELATIONS.issuperset(relations):
            raise ValueError(f"{action}: {role} has unknown or no relations {relations}")
    return {Role(role): frozenset(relations) for role, relations in row.items()}
