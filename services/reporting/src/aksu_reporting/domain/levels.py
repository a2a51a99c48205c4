"""What the form of a territory's code says: its level, and the levels inside it."""

from typing import Final, Literal

Level = Literal["NATION", "REGION", "OBLAST", "MUNICIPALITY"]
Inner = Literal["REGION", "OBLAST", "MUNICIPALITY"]

NATION: Final = "BG"
LEVELS: Final[tuple[Level, ...]] = ("NATION", "REGION", "OBLAST", "MUNICIPALITY")
_BY_LENGTH: Final[dict[int, Level]] = {4: "REGION", 3: "OBLAST", 5: "MUNICIPALITY"}


def level_of(code: str) -> Level | None:
    """`BG` → NATION, `BG41` → REGION, `BLG` → OBLAST, `BLG01` → MUNICIPALITY; None for any other form."""
    return "NATION" if code == NATION else _BY_LENGTH.get(len(code))


def inner_level(outer: Level, wanted: Inner | None) -> Inner | None:
    """The level to show inside a territory of level `outer`: the one wanted, by default the next one down.

    None when no territory of that level lies inside.
    """
    inside = LEVELS[LEVELS.index(outer) + 1 :]
    if wanted is None:
        return inside[0] if inside else None  # type: ignore[return-value] - the first level is never inside
    return wanted if wanted in inside else None
