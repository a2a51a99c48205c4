"""Who calls: a pseudonymous subject, its roles, and the body it acts for, whose code says kind and territory."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, Literal

from aksu_shared.kernel.declared import declared

NATION: Final = "BG"
Level = Literal["national", "oblast", "municipality", "provider"]

_CODE: Final = re.compile(
    r"(?P<national>AKSU|MLSP|ASP)"
    r"|(?P<oblast_kind>OBLAST|RDSP|RZI|POLICE):(?P<oblast>[A-Z]{3})"
    r"|(?P<municipal_kind>MUNICIPALITY|DSP):(?P<municipality>[A-Z]{3}[0-9]{2})"
    r"|PROVIDER:(?P<eik>[0-9]{9}(?:[0-9]{4})?)",
    re.ASCII,
)


class Role(StrEnum):
    """What a person or system is employed to do. Their rights are in `permissions.toml`."""

    PUBLIC = "public"
    PROVIDER = "provider"
    MAYOR = "mayor"
    MUNICIPALITY_OFFICER = "municipality_officer"
    OBLAST_OFFICER = "oblast_officer"
    BODY_OFFICER = "body_officer"
    INSPECTOR = "inspector"
    LICENSING_OFFICER = "licensing_officer"
    EXECUTIVE_DIRECTOR = "executive_director"
    AKSU_ANALYST = "aksu_analyst"
    MINISTRY_READER = "ministry_reader"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    INTEGRATION = "integration"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Body:
    """A body read from its code: `OBLAST:BLG` is of kind OBLAST, level oblast, territory BLG.

    `territory` is None for a provider: what it reaches follows from its own code alone.
    """

    code: str
    kind: str
    level: Level
    territory: str | None


@lru_cache(maxsize=4096)
def parse_body(code: str) -> Body:
    """Read a body code. Raises ValueError when it is none of the known forms."""
    match = _CODE.fullmatch(code)
    if match is None:
        raise ValueError(f"{code[:40]!r} is no body code")
    if match["national"]:
        return Body(code, match["national"], "national", NATION)
    if match["oblast"]:
        return Body(code, match["oblast_kind"], "oblast", match["oblast"])
    if match["municipality"]:
        return Body(code, match["municipal_kind"], "municipality", match["municipality"])
    return Body(code, "PROVIDER", "provider", None)


def permissions_file() -> Mapping[str, Any]:
    """Roles and rights, as all features declare them in their `permissions.toml`."""
    return declared("permissions")


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose token was verified, or `ANONYMOUS`. Raises ValueError for a body code of no known form.

    `subject` is a pseudonym (`auth/pseudonym.py`). `system` is the name of a program, the `sub` as it stands in its
    token; None for people. `issued_at` is when its token was issued, in seconds since the epoch; None for who came
    without one: the anonymous, and the platform's own tools. The last of the scope keys names the token: no row has it,
    but by it every statement in this scope finds out whether the token was revoked.
    """

    subject: str
    roles: frozenset[Role] = frozenset({Role.PUBLIC})
    body: str | None = None
    issued_at: int | None = field(default=None, compare=False)
    system: str | None = field(default=None, compare=False, kw_only=True)
    scope_keys: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        token = () if self.issued_at is None else (f"t:{self.subject}@{self.issued_at}",)
        object.__setattr__(self, "scope_keys", (*_scope_keys(self.roles, self.body), *token))

    @property
    def anonymous(self) -> bool:
        """Whether no token was shown."""
        return self.subject == ANONYMOUS.subject

    @property
    def reach(self) -> str:
        """What it sees, whichever of its tokens it came with, and whichever object it is given to see alone."""
        return ",".join(key for key in self.scope_keys if not key.startswith(("t:", "o:")))

    def unnamed(self) -> "Principal":
        """Nobody, whoever it is: what is left of the caller is that its token, if it came with one, must still hold."""
        return ANONYMOUS.holding(*(key for key in self.scope_keys if key.startswith("t:")))

    def holding(self, *keys: str) -> "Principal":
        """The same caller with further scope keys, which its rights give it."""
        more = Principal(self.subject, self.roles, self.body, self.issued_at, system=self.system)
        object.__setattr__(more, "scope_keys", ("public", *keys, *self.scope_keys[1:]))
        return more


def _scope_keys(roles: frozenset[Role], body: str | None) -> tuple[str, ...]:
    """`public`, the body's territory, and the body itself: what a row's `scope` must overlap to be visible.

    The body's keys come with a role that counts for its kind; a body without one, or an operator's, opens nothing.
    """
    if body is None:
        return ("public",)
    known = parse_body(body)
    if not any(known.kind in _kinds(role) for role in roles):
        return ("public",)
    return ("public", *((known.territory,) if known.territory else ()), f"b:{body}")


@lru_cache(maxsize=64)
def _kinds(role: Role) -> frozenset[str]:
    return frozenset(permissions_file()["roles"][role.value]["kinds"])


ANONYMOUS: Final = Principal("anonymous")
"""The caller without a token."""
