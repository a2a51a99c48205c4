"""The ledger against the owners' rows: I1 to I4. What was acknowledged is there once, what was refused is not."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from torture.findings import Findings
from torture.ledger import Entry, Ledger
from torture.snapshot import Snapshot

_R: Final = "aksu.registry.{}.v1"
_L: Final = "aksu.licensing.{}.v1"
EXPECTED: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "provider.create": ("registry", (_R.format("provider"), _R.format("body"))),
    "service.create": ("registry", (_R.format("place"), _R.format("service"))),
    "services.amend": ("registry", (_R.format("service"),)),
    "providers.amend": ("registry", (_R.format("provider"),)),
    **{
        f"application.{step}": ("licensing", (_L.format("application"),))
        for step in ("file", "register", "start-review", "propose-grant", "grant")
    },
    "application.conditions": ("licensing", (_L.format("conditions"),)),
}
"""Kind of operation → service and topics, of each of which it makes exactly one change-log row that bears its name."""


def check_operations(snapshot: Snapshot, ledger: Ledger, findings: Findings) -> None:
    """All single commands."""
    marks = {service: snapshot.marks(service) for service in snapshot.services}
    for entry in ledger:
        if entry.kind in EXPECTED:
            service, topics = EXPECTED[entry.kind]
            rows = marks[service].get(entry.id, {})
            _judge(entry, [rows.get(topic, 0) for topic in topics], findings)
            _check_reply(entry, snapshot.services[service].replies, findings)
        elif entry.kind == "refused":
            for service, found in marks.items():
                if entry.id in found:
                    findings.add("I2", f"{service}: {entry.id} was answered {entry.status}, {dict(found[entry.id])}")
    _check_licences(snapshot, ledger, findings)


def _judge(entry: Entry, rows: list[int], findings: Findings) -> None:
    if any(count > 1 for count in rows):
        findings.add("I4", f"{entry.id} has {rows} change-log rows")
    if entry.outcome == "ok" and not all(rows):
        findings.add("I1", f"{entry.id} was acknowledged and has {rows} change-log rows")
    elif entry.outcome == "fail" and any(rows):
        findings.add("I2", f"{entry.id} was answered {entry.status} and has {rows} change-log rows")
    elif entry.outcome == "unknown" and any(rows) and not all(rows):
        findings.add("I3", f"{entry.id} has {rows} change-log rows")


def _check_reply(entry: Entry, replies: Mapping[str, tuple[int, bytes]], findings: Findings) -> None:
    """The stored answer is the one that was given, and the one given again."""
    if entry.repeated is not None and entry.repeated != entry.answer:
        findings.add("I4", f"{entry.id}: the same key was answered differently")
    if entry.kind.endswith(".amend"):
        return
    stored = replies.get(entry.key)
    if entry.outcome == "ok" and stored is None:
        findings.add("I1", f"{entry.id} was acknowledged and its key holds no answer")
    elif (
        stored is not None and entry.answer and entry.answer != sha256(str(stored[0]).encode() + stored[1]).hexdigest()
    ):
        findings.add("I4", f"{entry.id}: its key holds another answer than was given")


def _check_licences(snapshot: Snapshot, ledger: Ledger, findings: Findings) -> None:
    """One licence per granted application, and numbers without gaps."""
    granted = [entry for entry in ledger if entry.kind == "application.grant" and entry.outcome == "ok"]
    rows = snapshot.services["licensing"].log
    issued = Counter(row["application_id"] for row in rows if row["type"].endswith("licence.issued.v1"))
    for entry in granted:
        if not issued[entry.told["id"]]:
            findings.add("I1", f"{entry.id} was granted and has no licence")
    for application, count in issued.items():
        if count > 1:
            findings.add("I4", f"application {application} has {count} licences")
    for name, (value, given) in snapshot.counters.items():
        if value != given:
            findings.add("I3", f"counter {name} stands at {value}, {given} numbers were given")


def check_pushes(snapshot: Snapshot, ledger: Ledger, findings: Findings) -> None:
    """All pushed events: stored once or not at all, a batch as a whole; complete inspections have their effect."""
    accepted: dict[tuple[str, str], set[str]] = defaultdict(set)
    asked: dict[tuple[str, str], int] = Counter()
    for entry in ledger:
        if not entry.kind.startswith("push"):
            continue
        source = entry.told["source"]
        stored = [(source, key) in snapshot.ingest for key in entry.told["events"]]
        _judge_batch(entry, stored, findings)
        for key in entry.told["events"]:
            subject = (source, key.rpartition("-")[0])
            asked[subject] += entry.kind == "push"
            if entry.outcome == "ok":
                accepted[subject].add(key)
    for subject, keys in accepted.items():
        if len(keys) == 4:
            _check_inspection(subject, snapshot, findings)
    _check_staging(snapshot, asked, findings)


def _judge_batch(entry: Entry, stored: list[bool], findings: Findings) -> None:
    if entry.outcome == "ok" and not all(stored):
        findings.add("I1", f"{entry.id}: {stored.count(False)} of {len(stored)} acknowledged events are not there")
    elif entry.outcome == "unknown" and any(stored) and not all(stored):
        findings.add("I3", f"{entry.id}: {stored.count(True)} of {len(stored)} events are there")
    elif entry.outcome == "fail" and any(stored):
        findings.add("I2", f"{entry.id} was answered {entry.status} and left {stored.count(True)} events")


def _check_inspection(subject: tuple[str, str], snapshot: Snapshot, findings: Findings) -> None:
    row = snapshot.inspections.get(subject)
    if row is None or not row["state"].startswith("CLOSED") or row["findings"] < 1 or row["prescriptions"] < 1:
        findings.add("I1", f"inspection {subject[1]}: {dict(row) if row else 'not there'}")
    elif row["findings"] > 1 or row["prescriptions"] > 1:
        findings.add("I4", f"inspection {subject[1]}: {dict(row)}")


def _check_staging(snapshot: Snapshot, asked: Mapping[tuple[str, str], int], findings: Findings) -> None:
    """Every stored event was pushed, and took effect or waits for one that is missing."""
    stored: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (source, _), row in snapshot.ingest.items():
        stored[source, row["subject"]].append(row["sequence"])
    for (source, key), row in snapshot.ingest.items():
        subject = (source, row["subject"])
        if subject not in asked:
            findings.add("I2", f"event {key} was never pushed")
        gap = set(range(1, row["sequence"])) - set(stored[subject])
        if row["state"] != "APPLIED" and not (row["state"] == "HELD" and gap):
            findings.add("I6", f"event {key} is {row['state']}")
