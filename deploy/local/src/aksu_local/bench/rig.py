"""What the scenarios share: a running platform with the sample data, the floors beside it, and how long to measure."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aksu_local.bench.floors.serving import Floors
from aksu_local.bench.load import Build, Load, run
from aksu_local.bench.rounds import Contender, Rounds, quiet, take_turns
from aksu_local.platform import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """One platform under measurement, and the turns (of so many seconds) that subject and floor take."""

    platform: Platform
    floors: Floors
    rounds: int
    seconds: float

    def headers(self, role: str, body: str | None = None, *, subject: str | None = None) -> dict[str, str]:
        """Authorization of a caller."""
        return {"Authorization": f"Bearer {self.platform.token(role, body, subject=subject)}"}

    async def settled(self) -> None:
        """Wait until all processes have worked off what they were given."""
        pids = [process.pid for process in self.platform.processes()]
        await quiet(*pids, self.platform.postgres.pid, self.floors.pid)
        await asyncio.sleep(0)

    async def compare(self, contenders: Mapping[str, Contender]) -> Rounds:
        """Run them in turns."""
        return await take_turns(contenders, rounds=self.rounds, seconds=self.seconds, settled=self.settled)


def alone(rig: Rig, service: str, contender: Contender) -> Contender:
    """The contender while the worker of `service` stands still: a floor sequences, ships and applies nothing either."""
    worker = rig.platform.process(service, "worker")

    async def contend(seconds: float) -> Load:
        worker.stop()
        try:
            return await contender(seconds)
        finally:
            worker.cont()

    return contend


def client(url: str, build: Build, *, expect: int) -> Contender:
    """A contender that is asked over HTTP."""

    async def contend(seconds: float) -> Load:
        return await run(url, build, seconds=seconds, expect=expect)

    return contend
