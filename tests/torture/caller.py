"""Settles operations: sends, classifies the answer, repeats what is unknown with the same key, keeps the ledger."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any, Final

from aksu_local.bench.load import request
from torture.ledger import Entry, Ledger
from torture.wire import Answer, Doors, Lost, Wire

REPEATED: Final = 0.1
"""Share of acknowledged commands sent once more with the same key: the answer must be the same, byte for byte."""
_ATTEMPT: Final = 3.0
_PATIENCE: Final = 60.0
_AGAIN: Final = frozenset({"request_in_progress", "concurrent_write"})
_NOT_NOW: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(slots=True, kw_only=True)
class Operation:
    """One request to be settled. `version` is the one it amends: then it is a PATCH, whose fate a GET can tell."""

    entry: Entry
    service: str
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    version: int | None = None


class Caller:
    """One client of the load: a token holder's connections, its turn among the instances, its dice."""

    def __init__(self, doors: Doors, ledger: Ledger, rng: Random, *, turn: int, until: float) -> None:
        self._doors = doors
        self._ledger = ledger
        self._rng = rng
        self._turn = turn
        self._until = until
        self._wire = Wire()

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    async def settle(self, operation: Operation) -> Answer | None:
        """Send until the outcome is known, the patience or the run is over; the answer when it is ok or fail."""
        entry = operation.entry
        await self._ledger.begin(entry)
        started = time.monotonic()
        answer = await self._insist(operation, started)
        entry.seconds = round(time.monotonic() - started, 3)
        if answer is not None and entry.outcome == "ok" and self._rng.random() < REPEATED:
            await self._repeat(operation)
        await self._ledger.end(entry)
        return answer

    async def _insist(self, operation: Operation, started: float) -> Answer | None:
        entry, unsure, pause = operation.entry, False, 0.05
        payload = _payload(operation)
        while time.monotonic() - started < _PATIENCE and time.monotonic() < self._until:
            entry.tries += 1
            try:
                answer = await self._send(operation.service, payload)
            except Lost as lost:
                unsure, entry.why = True, str(lost)
            else:
                if not _again(answer):
                    return await self._decide(operation, answer, unsure=unsure)
                unsure, entry.why = unsure or answer.status >= 500, f"{answer.status} {_code(answer)}"
            await asyncio.sleep(pause * (0.5 + self._rng.random()))
            pause = min(pause * 2, 0.8)
        return None

    async def _send(self, service: str, payload: bytes) -> Answer:
        self._turn += 1
        return await self._wire.ask(self._doors.of(service, self._turn), payload, within=_ATTEMPT)

    async def _decide(self, operation: Operation, answer: Answer, *, unsure: bool) -> Answer | None:
        """Note the outcome of a definite answer. A stale version after a lost answer may be our own doing."""
        entry = operation.entry
        if unsure and operation.version is not None and answer.status == 412:
            found = await self._look(operation)
            if found is None:
                return None
            answer = found
        entry.status = answer.status
        entry.outcome = "ok" if answer.status < 300 else "fail"
        entry.answer = _digest(answer)
        return answer

    async def _look(self, operation: Operation) -> Answer | None:
        """The resource as it is, when it shows that our own amendment made it so; else nothing."""
        ask = request("GET", operation.path, headers=_only(operation.headers, "Authorization"))
        for _ in range(20):
            try:
                answer = await self._send(operation.service, ask)
            except Lost:
                answer = Answer(503, {}, b"")
            if answer.status == 200:
                shown = json.loads(answer.body)
                mine = shown["version"] == (operation.version or 0) + 1 and operation.entry.id in shown["name"]
                return answer if mine else Answer(412, {}, b"")
            await asyncio.sleep(0.3)
        return None

    async def _repeat(self, operation: Operation) -> None:
        """Ask the same once more, where a key makes that safe."""
        if operation.method != "POST" or operation.entry.kind == "push":
            return
        payload = _payload(operation)
        for _ in range(40):
            try:
                answer = await self._send(operation.service, payload)
            except Lost:
                await asyncio.sleep(0.2)
                continue
            if not _again(answer):
                operation.entry.repeated = _digest(answer)
                return
            await asyncio.sleep(0.2)


def _payload(operation: Operation) -> bytes:
    return request(operation.method, operation.path, headers=operation.headers, body=operation.body)


def _again(answer: Answer) -> bool:
    """Whether the answer says: not now, the same again."""
    return answer.status in _NOT_NOW or (answer.status == 409 and _code(answer) in _AGAIN)


def _code(answer: Answer) -> str:
    try:
        document: dict[str, Any] = json.loads(answer.body)
    except ValueError:
        return ""
    return str(document.get("code", ""))


def _digest(answer: Answer) -> str:
    return sha256(str(answer.status).encode() + answer.body).hexdigest()


def _only(headers: Mapping[str, str], name: str) -> dict[str, str]:
    return {name: headers[name]} if name in headers else {}
