"""What became of each record at each consumer: I1 (no effect), I4 (two), I5 (out of order), I6 (dropped)."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256

from torture.checks_log import SYSTEM
from torture.deliveries import READERS
from torture.findings import Findings
from torture.snapshot import CONSUMED, Snapshot


def check_consumers(snapshot: Snapshot, findings: Findings) -> None:
    """Every consumer of every topic it reads."""
    for consumer, aggregates in CONSUMED.items():
        topics = {f"aksu.{name}.v1" for name in aggregates}
        inputs = {seen.id for seen in snapshot.bus if seen.topic in topics and not seen.key.startswith(SYSTEM)}
        _check_inputs(consumer, inputs, snapshot, findings)
        _check_effects(consumer, snapshot, findings)
        _check_copies(consumer, snapshot.copies[consumer], findings)


def _check_inputs(consumer: str, inputs: set[str], snapshot: Snapshot, findings: Findings) -> None:
    """Inputs = effects + parked, each once."""
    service = snapshot.services[consumer]
    effects = Counter(row["event_id"] for row in service.effects)
    for event in inputs:
        if event in service.parked:
            findings.add("I6", f"{consumer}: a sound record is parked: {event}")
        elif event not in service.inbox:
            findings.add("I6", f"{consumer}: {event} left no trace")
        elif not effects[event]:
            findings.add("I1", f"{consumer}: {event} is in the inbox and had no effect")
    for event, count in effects.items():
        if count > 1:
            findings.add("I4", f"{consumer}: {event} took effect {count} times")


def _check_effects(consumer: str, snapshot: Snapshot, findings: Findings) -> None:
    """Versions of an aggregate are applied one after the other, from the first."""
    applied: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in snapshot.services[consumer].effects:  # in the order of their application
        applied[row["topic"], row["aggregate_id"]].append(row["version"])
    for (topic, key), versions in applied.items():
        once = list(dict.fromkeys(versions))  # twice is I4, not a matter of order
        if once != list(range(1, len(once) + 1)) and not key.startswith(SYSTEM):
            findings.add("I5", f"{consumer}: {topic} {key} applied in the order {versions[:10]}")


def check_poison(snapshot: Snapshot, poisoned: Mapping[str, str], findings: Findings) -> None:
    """Each made-up record is a dead letter, once, at every reader of its topic, with its very bytes and a reason."""
    for consumer in READERS:
        parked: dict[str, list[str]] = defaultdict(list)
        for row in snapshot.services[consumer].dead:
            if row["reason"] and row["state"] == "PARKED":
                parked[row["key"]].append(sha256(row["value"]).hexdigest())
        for key, digest in poisoned.items():
            if digest not in parked[key]:
                findings.add("I6", f"{consumer}: {key} is not among the dead letters")
            elif len(parked[key]) > 1:
                findings.add("I4", f"{consumer}: {key} is {len(parked[key])} dead letters")


def _check_copies(consumer: str, copies: Mapping[str, Sequence[str]], findings: Findings) -> None:
    for table, differences in copies.items():
        for what in differences:
            findings.add("I2" if what.startswith("no original") else "I1", f"{consumer}.{table}: {what}")
