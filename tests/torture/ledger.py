"""The witness: what was asked and what was answered, on disk before the next step is taken.

Two lines an operation: `begin` before its first byte is sent, `end` once its outcome is known. An operation without an
`end` is unknown. The system's own tables are never asked what was promised; this file is.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

Outcome = Literal["ok", "fail", "unknown"]


@dataclass(slots=True, kw_only=True)
class Entry:
    """One operation. `count` is how many accepted events or commands it stands for; `told` is what the checker needs.

    `tries` counts requests, `seconds` the time from the first of them to the outcome; `answer` is the digest of the
    first definite answer, `repeated` that of the same request sent once more, where it was; `why` says what
    last made a request inconclusive.
    """

    id: str
    kind: str
    client: str
    key: str
    count: int = 1
    told: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome = "unknown"
    status: int | None = None
    tries: int = 0
    seconds: float = 0.0
    answer: str | None = None
    repeated: str | None = None
    why: str = ""


class Ledger:
    """An append-only file of entries; many writers share one fsync."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: dict[str, Entry] = {}
        self.singles = 0
        """Single commands acknowledged."""
        self.pushed = 0
        """Events acknowledged, repetitions left out."""
        self._pending: list[str] = []
        self._flushed = asyncio.Event()
        self._wake = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Read what an earlier run wrote, then write behind it."""
        self._load()
        self._file = self.path.open("ab")
        self._writing = asyncio.create_task(self._write())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write out what is left."""
        self._writing.cancel()
        await asyncio.wait([self._writing])
        self._sync(self._take())
        self._file.close()

    async def begin(self, entry: Entry) -> None:
        """Durable before it returns."""
        self.entries[entry.id] = entry
        await self._append("begin", asdict(entry))

    async def end(self, entry: Entry) -> None:
        """Durable before it returns."""
        self._tally(entry)
        await self._append("end", asdict(entry))

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())

    def counted(self, outcome: Outcome) -> int:
        """Operations with this outcome, a batch of events counting for each of them."""
        return sum(entry.count for entry in self if entry.outcome == outcome)

    def _tally(self, entry: Entry) -> None:
        if entry.outcome == "ok":
            self.pushed += entry.count if entry.kind == "push" else 0
            self.singles += not entry.kind.startswith("push")

    async def _append(self, what: str, entry: dict[str, Any]) -> None:
        self._pending.append(json.dumps({what: entry}, ensure_ascii=False))
        flushed = self._flushed
        self._wake.set()
        await flushed.wait()

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            flushed, self._flushed = self._flushed, asyncio.Event()
            await asyncio.to_thread(self._sync, self._take())
            flushed.set()

    def _take(self) -> list[str]:
        lines, self._pending = self._pending, []
        return lines

    def _sync(self, lines: list[str]) -> None:
        if lines:
            self._file.write(("\n".join(lines) + "\n").encode())
            self._file.flush()
            os.fsync(self._file.fileno())

    def _load(self) -> None:
        if not self.path.exists():
            return
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                ((what, entry),) = json.loads(line).items()
            except ValueError:
                continue  # the line a killed rig was writing
            known = self.entries[entry["id"]] = Entry(**entry)
            if what == "end":
                self._tally(known)
