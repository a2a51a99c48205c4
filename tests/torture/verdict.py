"""The last line of a run: one JSON object."""

import json
from collections.abc import Sequence
from typing import Any, Final

from torture.findings import Findings
from torture.ledger import Entry, Ledger
from torture.recovery import Recoveries
from torture.tier import Driver, Tier

PROMPT: Final = 10.0
"""Seconds within which a retried operation is to be done while another instance stands."""
PROMPT_SHARE: Final = 0.99
WAITS: Final = "application.file"
BACK: Final = {"postgres": 5.0, "broker": 15.0}
"""Seconds from the return of a killed server to a write seen at the other end."""


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
    retried = _retried(ledger)
    document: dict[str, Any] = {
        "driver": driver,
        "seed": seed,
        "tier": tier.name,
        "ops": sum(entry.count for entry in ledger),
        **{name: ledger.counted(name) for name in ("ok", "fail", "unknown")},
        "singles": ledger.singles,
        "pushed": ledger.pushed,
        "retried": len(retried),
        "retried_ok_10s": _at_once(retried),
        "waited_ok_10s": _prompt([entry for entry in retried if entry.kind == WAITS]),
        **facts,
        **{str(name): count for name, count in findings.counts.items()},
        "recover_seconds": recoveries.summary(),
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
    }
    return json.dumps(document, ensure_ascii=False)


def bars(ledger: Ledger, recoveries: Recoveries, tier: Tier) -> dict[str, bool]:
    """What a quiet machine of two cores should reach; missed bars are told, and no failure."""
    worst = {target: max(seconds) for target, seconds in recoveries.back.items()}
    limits = {target: limit for target, limit in BACK.items() if target in worst}
    met = {f"{target} back in {limit:g} s": worst[target] <= limit for target, limit in limits.items()}
    if tier.prompt:
        met["99 % of the retried ok in 10 s"] = _at_once(_retried(ledger)) >= PROMPT_SHARE
    return met


def _retried(ledger: Ledger) -> Sequence[Entry]:
    return [entry for entry in ledger if entry.tries > 1 and entry.outcome != "fail"]


def _at_once(retried: Sequence[Entry]) -> float:
    """The share done in time. Filing waits, by `Aksu-After`, until licensing knows the service: as late as its copy."""
    return _prompt([entry for entry in retried if entry.kind != WAITS])


def _prompt(retried: Sequence[Entry]) -> float:
    """The share of them that was ok in time."""
    done = [entry for entry in retried if entry.outcome == "ok" and entry.seconds <= PROMPT]
    return round(len(done) / len(retried), 4) if retried else 1.0
