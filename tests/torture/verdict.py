"""The last line of a run: one JSON object."""

import json
from typing import Any

from torture.findings import Findings
from torture.ledger import Ledger
from torture.recovery import Recoveries
from torture.tier import Driver, Tier

PROMPT = 10.0
"""Seconds within which a retried operation is to be done while another instance stands."""


def verdict(
    *,
    driver: Driver,
    seed: int,
    tier: Tier,
    ledger: Ledger,
    recoveries: Recoveries,
    findings: Findings,
    seconds: dict[str, float],
    facts: dict[str, Any],
) -> str:
    """What happened, as JSON without a line break."""
    retried = [entry for entry in ledger if entry.tries > 1 and entry.outcome != "fail"]
    prompt = [entry for entry in retried if entry.outcome == "ok" and entry.seconds <= PROMPT]
    document: dict[str, Any] = {
        "driver": driver,
        "seed": seed,
        "tier": tier.name,
        "ops": sum(entry.count for entry in ledger),
        **{name: ledger.counted(name) for name in ("ok", "fail", "unknown")},
        "singles": ledger.singles,
        "pushed": ledger.pushed,
        "retried": len(retried),
        "retried_ok_10s": round(len(prompt) / len(retried), 4) if retried else 1.0,
        **facts,
        **{str(name): count for name, count in findings.counts.items()},
        "recover_seconds": recoveries.summary(),
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
    }
    return json.dumps(document, ensure_ascii=False)
