"""What the checker found, counted by invariant of docs/promises.md."""

from collections.abc import Mapping
from typing import Final, Literal

Invariant = Literal["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9"]
INVARIANTS: Final[Mapping[Invariant, str]] = {
    "I1": "lost: an acknowledged operation lacks its row, its change-log row, its bus record or its effect",
    "I2": "phantom: an effect of a refused operation",
    "I3": "torn: an unknown operation is present only in part",
    "I4": "duplicate: more than one effect per consumer and event, or a repeated key answered differently",
    "I5": "order: per aggregate, versions applied with a gap or an inversion",
    "I6": "silent drop: inputs are not effects + duplicates + refusals + parked",
    "I7": "stuck: 60 s after faults end, lag, an old outbox row, or an idle partition with lag",
    "I8": "leak: pool, transactions, locks, tasks, file descriptors, or a row outside the caller's scope",
    "I9": "audit: not one change-log row per change, or the hash chain broken",
}
_SHOWN: Final = 5


class Findings:
    """Counts, and the first few of each kind in words."""

    def __init__(self) -> None:
        self.counts: dict[Invariant, int] = dict.fromkeys(INVARIANTS, 0)
        self._said: dict[Invariant, list[str]] = {name: [] for name in INVARIANTS}

    def add(self, invariant: Invariant, what: str) -> None:
        """One more."""
        self.counts[invariant] += 1
        if len(self._said[invariant]) < _SHOWN:
            self._said[invariant].append(what)

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not any(self.counts.values())

    @property
    def broken(self) -> list[Invariant]:
        """The invariants that do not hold."""
        return [name for name, count in self.counts.items() if count]

    def __str__(self) -> str:
        lines = []
        for name in self.broken:
            lines.append(f"{name} ×{self.counts[name]} – {INVARIANTS[name]}")
            lines += [f"    {what}" for what in self._said[name]]
        return "\n".join(lines) or "I1 to I9 hold"
