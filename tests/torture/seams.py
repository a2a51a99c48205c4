"""A kill at every seam named in docs/promises.md, on two services each.

Members are started with `AKSU_FAILPOINT` and die there under load. Each walks its own list, started again armed with
the next seam as soon as one has killed it; so all seams together cost one pass over the members.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from aksu_shared.kernel.failpoint import Seam
from torture.nemesis import Report
from torture.rig import Rig

API: Final[Sequence[Seam]] = ("after_insert", "before_commit", "after_commit_before_ack")
LOG: Final[Sequence[Seam]] = ("after_sequence", "after_send_before_mark")
CONSUMER: Final[Sequence[Seam]] = ("after_effect_before_offset_commit",)
Plan = Mapping[str, Sequence[Seam]]
PLAN: Final[Plan] = {
    "registry-api-1": API,
    "licensing-api-1": API,
    "registry-worker": LOG,
    "licensing-worker": (*LOG, *CONSUMER),
    "reporting-worker": CONSUMER,
}
"""Member, or all workers of a service, for only the one that leads passes the seams → the seams it dies at."""
_POLL: Final = 0.1
_PASSAGE: Final = 3
"""Passage at which a seam kills: not the first, so that something has been done before."""


class Seams:
    """Kills at seams. `died` counts them by seam and service; `missed` names those that nothing reached in time."""

    def __init__(self, rig: Rig, *, report: Report, plan: Plan = PLAN) -> None:
        self.died: Counter[str] = Counter()
        self.missed: list[str] = []
        self._rig = rig
        self._report = report
        self._plan = plan

    async def run(self, *, until: float) -> None:
        """Walk all lists at once; every member is clean and ready afterwards."""
        await asyncio.gather(*(self._walk(prefix, seams, until) for prefix, seams in self._plan.items()))
        await self._rig.ready()

    async def _walk(self, prefix: str, seams: Sequence[Seam], until: float) -> None:
        names = sorted(name for name in self._rig.members if name.startswith(prefix))
        self._rig.held.update(names)
        for seam in seams:
            if not await self._die(names, seam, until):
                self.missed.append(f"{prefix}:{seam}")
        for name in names:
            await self._restart(name, "")
        self._rig.held.difference_update(names)

    async def _die(self, names: Sequence[str], seam: Seam, until: float) -> bool:
        """Arm all of them, wait until the seam has killed one; whether it did in time."""
        for name in names:
            await self._restart(name, f"{seam}:{_PASSAGE}")
        while time.monotonic() < until:
            dead = [name for name in names if not self._rig.members[name].running]
            if dead:
                service = self._rig.members[dead[0]].service
                self.died[f"{seam}/{service}"] += 1
                self._report(f"{dead[0]} died at {seam}")
                return True
            await asyncio.sleep(_POLL)
        return False

    async def _restart(self, name: str, failpoint: str) -> None:
        member = self._rig.members[name]
        await member.kill()
        member.start(env={"AKSU_FAILPOINT": failpoint})
