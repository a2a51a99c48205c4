"""The order in which pushed events take effect: that of their sequences, without a gap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

SHOWN_MISSING: Final = 100
SET_ASIDE: Final = ("PARKED", "REPAIRED")
"""States of what is set aside until it is replayed or discarded."""
NEEDS_CONFIRMATION: Final = "NEEDS_CONFIRMATION"
"""Reason for which an event is parked that accuses somebody, until a person of the Agency stands for it."""
SeriesKey: TypeAlias = tuple[str, str]
"""Source and subject: what names a pushed inspection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One received event that has not taken effect: its sequence, and whether it is parked."""

    sequence: int
    parked: bool = False


W = TypeVar("W", bound=Waiting)


def next_in_turn(applied: int, waiting: Iterable[W]) -> list[W]:
    """Those that may be applied now: consecutive after `applied`, up to the first gap or parked event."""
    turn: list[W] = []
    for event in sorted(waiting, key=lambda each: each.sequence):
        if event.parked or event.sequence != applied + len(turn) + 1:
            break
        turn.append(event)
    return turn


def missing(applied: int, received: Sequence[int]) -> tuple[list[int], int]:
    """Sequences after `applied` that did not come though a later one did: the first hundred, and how many."""
    if not received:
        return [], 0
    have = set(received)
    shown: list[int] = []
    for sequence in range(applied + 1, max(have)):
        if sequence not in have and len(shown) < SHOWN_MISSING:
            shown.append(sequence)
    return shown, max(have) - applied - len(have)
