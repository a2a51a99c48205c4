"""Python's garbage collector, for processes that live long and leave next to nothing in cycles."""

import gc
from typing import Final

_THRESHOLD: Final = 50_000
"""New objects between two rounds. At Python's 700 a command paid 8 % of its time for rounds that found nothing, and
whoever reads pages of events a quarter."""


def collect_rarely() -> None:
    """Take what was built until now out of the rounds for good, and have few of them. Call it once all is built."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_THRESHOLD)
