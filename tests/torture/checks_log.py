"""The change logs and the bus: I1 (not sent), I3 and I9 (rows and log disagree, chain broken), I5 (order)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

from torture.findings import Findings
from torture.snapshot import Service, Snapshot

SYSTEM: Final = "torture-poison"
"""Keys of records that the nemesis made up begin so."""


_NO_FACTS: Final = frozenset({"aksu.registry.beat.v1"})
"""Topics whose records tell of no change: the registry's sign of life to whoever keeps a copy of revoked access."""


def check_logs(snapshot: Snapshot, findings: Findings) -> None:
    """Each service's log: numbering, chain, versions, rows."""
    for name, service in snapshot.services.items():
        _check_positions(name, service, findings)
        _check_chains(name, service, findings)
        _check_versions(name, service, findings)
        _check_rows(name, service, findings)


def _check_positions(name: str, service: Service, findings: Findings) -> None:
    """Gap-free positions; every row has one."""
    positions = sorted(row["position"] for row in service.log if row["position"] is not None)
    missing = len(service.log) - len(positions)
    if missing:
        findings.add("I1", f"{name}: {missing} change-log rows were never given a position")
    if positions != list(range(1, len(positions) + 1)):
        findings.add("I9", f"{name}: positions have gaps or repeat")
    if len({row["event_id"] for row in service.log}) != len(service.log):
        findings.add("I4", f"{name}: an event id twice in the change log")


def _check_chains(name: str, service: Service, findings: Findings) -> None:
    """That of changes, and that of reads, which goes on while the checker reads."""
    sequenced = [row for row in service.log if row["position"] is not None]
    changes = sorted(sequenced, key=lambda row: int(row["position"]))
    for what, rows, head in (("changes", changes, service.state["hash"]), ("reads", service.reads, None)):
        current = b""
        for row in rows:
            current = sha256(current + row["digest"]).digest()
            if current != row["hash"]:
                findings.add("I9", f"{name}: the chain of {what} breaks at position {row['position']}")
                break
        else:
            if head is not None and current != head:
                findings.add("I9", f"{name}: the chain's head is not the last row's")


def _check_versions(name: str, service: Service, findings: Findings) -> None:
    """Per aggregate, versions 1, 2, 3 … in the order of seq and of position."""
    versions: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in service.log:  # in the order of seq
        versions[row["topic"], row["aggregate_id"]].append(row)
    for (_, key), rows in versions.items():
        if [row["version"] for row in rows] != list(range(1, len(rows) + 1)):
            findings.add("I5", f"{name}: {key} has versions {[row['version'] for row in rows][:10]}")
        positions = [row["position"] for row in rows if row["position"] is not None]
        if positions != sorted(positions):
            findings.add("I5", f"{name}: {key} has its positions in another order than its versions")


def _check_rows(name: str, service: Service, findings: Findings) -> None:
    """Each aggregate's row stands at the version its log ends with."""
    ends: dict[tuple[str, str], int] = {}
    for row in service.log:
        ends[row["topic"], row["aggregate_id"]] = row["version"]
    for table, rows in service.rows.items():
        topic = f"aksu.{name}.{table}.v1"
        for key, version in rows.items():
            if ends.pop((topic, key), 0) != version:
                findings.add("I9", f"{name}: {table} {key} is at version {version}, its log is not")
    for topic, key in ends:
        findings.add("I3", f"{name}: the log tells of {topic} {key}, which has no row")


def check_bus(snapshot: Snapshot, findings: Findings) -> None:
    """Every row of every log is on the bus, in order per aggregate; nothing else is, but for what we put there."""
    known = {row["event_id"]: (name, row["seq"]) for name, service in snapshot.services.items() for row in service.log}
    first: dict[str, int] = {}
    for number, seen in enumerate(snapshot.bus):
        if seen.id not in known and seen.topic not in _NO_FACTS and not seen.key.startswith(SYSTEM):
            findings.add("I2", f"{seen.topic}@{seen.offset} is of no change log")
        first.setdefault(seen.id, number)
    for key, (name, _) in known.items():
        if key not in first:
            findings.add("I1", f"{name}: event {key} is not on the bus")
    _check_order([snapshot.bus[number] for number in sorted(first.values())], findings)


def _check_order(records: Iterable[Any], findings: Findings) -> None:
    """First deliveries of an aggregate's events ascend."""
    seqs: dict[tuple[str, str], list[int]] = defaultdict(list)
    for seen in records:
        if seen.topic not in _NO_FACTS and not seen.key.startswith(SYSTEM):
            seqs[seen.topic, seen.key].append(seen.seq)
    for (topic, key), found in seqs.items():
        if not _ascends(found):
            findings.add("I5", f"{topic}: {key} was sent in the order {found[:10]}")


def _ascends(numbers: Sequence[int]) -> bool:
    return all(a < b for a, b in pairwise(numbers))
