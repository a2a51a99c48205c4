"""What the form of a territory's code says: its level, and the levels inside it."""

from collections.abc import Mapping
from typing import Final, Literal

Level = Literal["NATION", "REGION", "OBLAST", "MUNICIPALITY"]
Inner = Literal["REGION", "OBLAST", "MUNICIPALITY"]

_NATION: Final = "BG"
_BY_LENGTH: Final[Mapping[int, Level]] = {4: "REGION", 3: "OBLAST", 5: "MUNICIPALITY"}
_INSIDE: Final[Mapping[Level, tuple[Inner, ...]]] = {
    "NATION": ("REGION", "OBLAST", "MUNICIPALITY"),
    "REGION": ("OBLAST", "MUNICIPALITY"),
    "OBLAST": ("MUNICIPALITY",),
    "MUNICIPALITY": (),
}


def level_of(code: str) -> Level | None:
    """`BG` → NATION, `BG41` → REGION, `BLG` → OBLAST, `BLG01` → MUNICIPALITY; None for any other form."""
    return "NATION" if code == _NATION else _BY_LENGTH.get(len(code))


def inner_level(outer: Level, wanted: Inner | None) -> Inner | None:
    """The level to show inside a territory of level `outer`: the one wanted, by default the next one down.

    None when no territory of that level lies inside.
    """
    inside = _INSIDE[outer]
    if wanted is None:
        return inside[0] if inside else None
    return wanted if wanted in inside else None
