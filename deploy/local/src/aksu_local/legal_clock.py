"""Legal time of a local platform: how far people move it (`57mo`, `3d`, `2h`) and the file that says so."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from aksu_shared.kernel.clock import SOFIA, read_offset, write_offset
from aksu_shared.kernel.terms.term import add_months

_PART: Final = re.compile(r"(\d+)(y|mo|w|d|h|m)")
_EXACT: Final = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_MONTHS: Final = {"y": 12, "mo": 1}


def later(instant: datetime, advance: str) -> datetime:
    """`instant` moved by `57mo`, `3d`, `2h` or a sum such as `1y2mo`; raises ValueError for anything else.

    Years and months are calendar months in Sofia (31.01 + 1mo = 28.02); weeks, days, hours, minutes are exact.
    """
    parts = _PART.findall(advance)
    if not parts or "".join(number + unit for number, unit in parts) != advance:
        msg = f"{advance!r} is no length of time: give for example 57mo, 3d, 2h or 1y2mo"
        raise ValueError(msg)
    months = sum(int(number) * _MONTHS.get(unit, 0) for number, unit in parts)
    local = instant.astimezone(SOFIA)
    moved = datetime.combine(add_months(local.date(), months), local.timetz()).astimezone(UTC)
    return moved + sum((int(number) * _EXACT[unit] for number, unit in parts if unit in _EXACT), timedelta())


def legal_now(file: Path) -> datetime:
    """The legal instant that `file` gives, in UTC."""
    return datetime.now(UTC) + read_offset(file)


def advance(file: Path, by: str | timedelta) -> datetime:
    """Move legal time forward from where it stands; returns the new instant."""
    now = legal_now(file)
    target = now + by if isinstance(by, timedelta) else later(now, by)
    write_offset(file, target - datetime.now(UTC))
    return target


def reset(file: Path) -> None:
    """Legal time is real time again."""
    write_offset(file, timedelta())
