"""Who calls: a pseudonymous subject, its roles, and the body it acts for, whose code says kind and territory."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final, Literal

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
    MUNICIPALITY_OFFICER = "municipality_officer"
    OBLAST_OFFICER = "oblast_officer"
    BODY_OFFICER = "body_officer"
    INSPECTOR = "inspector"
    LICENSING_OFFICER = "licensing_officer"
    EXECUTIVE_DIRECTOR = "executive_director"
    AKSU_ANALYST = "aksu_analyst"
    MINISTRY_READER = "ministry_reader"
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


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose token was verified, or `ANONYMOUS`. Raises ValueError for a body code of no known form."""

    subject: str
    roles: frozenset[Role] = frozenset({Role.PUBLIC})
    body: str | None = None
    scope_keys: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scope_keys", _scope_keys(self.body))

    @property
    def anonymous(self) -> bool:
        """Whether no token was shown."""
        return self.subject == ANONYMOUS.subject


def _scope_keys(body: str | None) -> tuple[str, ...]:
    """`public`, the body's territory, and the body itself: what a row's `scope` must overlap to be visible."""
    if body is None:
        return ("public",)
    territory = parse_body(body).territory
    return ("public", *((territory,) if territory else ()), f"b:{body}")


ANONYMOUS: Final = Principal("anonymous")
"""The caller without a token."""
