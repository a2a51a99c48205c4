"""What integrations push: whole inspections in any order, over one batch or several, repeated, or bad on purpose."""

import json
from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any, Final

from aksu_local.bench.pushed import BATCH_TYPE, PATH, inspection
from torture.caller import Caller, Operation
from torture.ledger import Entry
from torture.stories import World

PER_STORY: Final = 25
"""Inspections of a story, of four events each: a batch holds at most 100."""

_NOWHERE: Final = "0192a000-0000-7000-8000-000000000000"


class Pusher:
    """Pushes as one integration."""

    def __init__(self, world: World, caller: Caller, rng: Random, *, client: str, today: Callable[[], date]) -> None:
        self._world = world
        self._caller = caller
        self._rng = rng
        self._client = client
        self._today = today
        self._token = world.token("integration", client)

    async def story(self, *, inspections: int = PER_STORY) -> None:
        """So many inspections, their events shuffled and cut into requests."""
        name = self._world.name("push")
        places = self._world.places or [_NOWHERE]
        events = [
            event
            for number in range(inspections)
            for event in self._inspection(f"{name}-{number}", self._rng.choice(places))
        ]
        self._rng.shuffle(events)
        cuts = [100] if self._rng.random() < 0.7 else [60, 39, 1]
        while events:
            size = cuts.pop(0) if cuts else 100
            part, events = events[:size], events[size:]
            await self._push(part)
            if self._rng.random() < 0.1:
                await self._push(part, kind="push.again")
        if self._rng.random() < 0.2:
            await self._bad()

    async def one(self) -> bool:
        """One inspection in one request; whether it was accepted."""
        name = self._world.name("push")
        return await self._push(self._inspection(name, self._rng.choice(self._world.places or [_NOWHERE])))

    def _inspection(self, reference: str, place: str) -> list[dict[str, Any]]:
        return [
            event | {"source": f"/integrations/{self._client}"}
            for event in inspection(reference, place=place, today=self._today())
        ]

    async def _push(self, events: list[dict[str, Any]], *, kind: str = "push") -> bool:
        name = self._world.name("batch")
        told = {"source": f"/integrations/{self._client}", "events": [event["id"] for event in events]}
        entry = Entry(id=name, kind=kind, client=self._client, key=name, count=len(events), told=told)
        return await self._settle(entry, events)

    async def _bad(self) -> None:
        """One bad event keeps the whole batch out."""
        name = self._world.name("bad")
        events = self._inspection(name, "nowhere")
        told = {"source": f"/integrations/{self._client}", "events": [event["id"] for event in events]}
        entry = Entry(id=name, kind="push.refused", client=self._client, key=name, count=len(events), told=told)
        await self._settle(entry, events)

    async def _settle(self, entry: Entry, events: list[dict[str, Any]]) -> bool:
        one = len(events) == 1
        kind = {"Content-Type": "application/cloudevents+json"} if one else BATCH_TYPE
        body = json.dumps(events[0] if one else events, ensure_ascii=False).encode()
        answer = await self._caller.settle(
            Operation(
                entry=entry,
                service="monitoring",
                method="POST",
                path=PATH,
                body=body,
                headers={**kind, "Authorization": self._token},
            )
        )
        return answer is not None and entry.outcome == "ok"
