"""Which of the two languages an answer is in: Bulgarian unless the caller prefers English."""

from functools import lru_cache
from typing import Final

from aksu_shared.kernel.errors import Language

_MAX_TAGS: Final = 20
"""Languages of one request that are looked at."""


@lru_cache(maxsize=256)
def language_of(accept_language: str | None) -> Language:
    """Read an `Accept-Language` value: the better rated of bg and en; on a tie the first named; default bg."""
    best: Language = "bg"
    best_quality = 0.0
    for part in (accept_language or "").split(",", _MAX_TAGS)[:_MAX_TAGS]:
        tag, _, parameter = part.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        quality = _quality(parameter)
        if primary in {"bg", "en"} and quality > best_quality:
            best, best_quality = ("bg" if primary == "bg" else "en"), quality
    return best


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(float(value), 1.0)
    except ValueError:
        return 0.0
