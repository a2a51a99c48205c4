"""All that is done to one rig, act by act, and how far it is: kept in a file, so that a long run can be resumed."""

import json
from collections import Counter
from random import Random
from typing import Any

from torture.deliveries import Deliveries
from torture.faults import Faults
from torture.nemesis import Nemesis, Report
from torture.recovery import Canary
from torture.rig import Rig
from torture.seams import Plan, Seams
from torture.tier import Tier


class Drama:
    """Every seam first, then rounds of kills, each ended by every fault where the tier is a full one."""

    def __init__(self, rig: Rig, canary: Canary, *, tier: Tier, seed: int, plan: Plan, report: Report) -> None:
        self.rig = rig
        self.tier = tier
        self.report = report
        self.canary = canary
        self.nemesis = Nemesis(rig, canary, Random(f"{seed}:nemesis"), report=report)
        self.seams = Seams(rig, report=report, plan=plan)
        self.deliveries = Deliveries(rig, Random(f"{seed}:deliveries"))
        self.faults = Faults(rig, self.nemesis, self.deliveries, Random(f"{seed}:faults"))
        self._rounds = 0
        self._file = rig.platform.folder.root / "torture.json"

    async def play(self, *, until: float) -> None:
        """Until all is done or time is up."""
        self._load()
        if not self.seams.died:
            await self.seams.run(until=until)
            self._save()
        for number in range(self._rounds, self.tier.rounds):
            wanted = self.tier.kills * (number + 1) // self.tier.rounds
            while self.kills < wanted and await self.nemesis.strike(until=until):
                self._save()
            if self.kills < wanted or (self.tier.full and not await self.faults.run(until=until)):
                return
            self._rounds = number + 1
            self._save()

    @property
    def kills(self) -> int:
        """All of them, those at seams included."""
        return self.nemesis.kills.total() + self.seams.died.total()

    def facts(self) -> dict[str, Any]:
        """What was done, for the verdict."""
        return {
            "kills": {**self.nemesis.kills, "seam": self.seams.died.total()},
            "seams": dict(self.seams.died),
            "seams_missed": self.seams.missed,
            "faults": dict(self.faults.done),
            "poisoned": len(self.deliveries.poisoned),
            "repeated_deliveries": self.deliveries.repeated,
        }

    @property
    def complete(self) -> bool:
        """Whether every seam, every kill and every fault had its turn."""
        return not self.seams.missed and self.kills >= self.tier.kills and self._rounds >= self.tier.rounds

    def _save(self) -> None:
        kept = {
            "rounds": self._rounds,
            "kills": self.nemesis.kills,
            "seams": self.seams.died,
            "faults": self.faults.done,
            "poisoned": self.deliveries.poisoned,
            "repeated": self.deliveries.repeated,
            "back": self.canary.recoveries.back,
            "out": self.canary.recoveries.out,
        }
        self._file.write_text(json.dumps(kept), encoding="utf-8")

    def _load(self) -> None:
        if not self._file.exists():
            return
        kept = json.loads(self._file.read_text(encoding="utf-8"))
        self._rounds = kept["rounds"]
        self.nemesis.kills, self.seams.died = Counter(kept["kills"]), Counter(kept["seams"])
        self.faults.done = Counter(kept["faults"])
        self.deliveries.poisoned, self.deliveries.repeated = kept["poisoned"], kept["repeated"]
        self.canary.recoveries.back.update(kept["back"])
        self.canary.recoveries.out.update(kept["out"])
        self.report(f"taken up again: {self.kills} kills, {self._rounds} rounds done")
