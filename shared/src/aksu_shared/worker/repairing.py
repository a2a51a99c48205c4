"""Repaired dead letters: who runs the platform proposes other content, who answers for such content confirms it.

A proposal stands beside the record and changes nothing. Its confirmation is a change of this service, signed like any
other; a replay takes repaired content only with that change in the log, so that no column of the letter suffices.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from pydantic_core import to_json

from aksu_shared.bus.contract import Delivered
from aksu_shared.db.log_keys import EVIDENCE, LogKeys
from aksu_shared.db.repairs import REPAIR
from aksu_shared.db.store import Store, begins
from aksu_shared.events.catalogue import CATALOGUE
from aksu_shared.events.repairs import RepairState
from aksu_shared.kernel.errors import NotFound, NotParked, RuleBroken
from aksu_shared.kernel.machine import SamePerson
from aksu_shared.worker.items import read

if TYPE_CHECKING:
    import asyncpg

    from aksu_shared.db.work import Connection, UnitOfWork

SCOPE: Final = ("b:AKSU",)
"""Who sees that a repair was confirmed: the Agency."""
_RECORD: Final = """
SELECT topic, partition, "offset", key, headers, value, repaired_value, repaired_headers, state, parked_at
  FROM dead_letter WHERE id = $1"""
_REPAIR: Final = """
UPDATE dead_letter
   SET repaired_value = $2, repaired_headers = $3, repaired_by = $4, repaired_at = now(), repair_reason = $5,
       confirmed_by = NULL, confirmed_at = NULL
 WHERE id = $1 AND outcome IS NULL AND ordered IS NULL RETURNING true"""
_PROPOSAL: Final = """
SELECT id, topic, key, reason, detail, state, headers, value, repaired_headers, repaired_value,
       repaired_by AS proposed_by, repaired_at AS proposed_at, repair_reason AS why,
       repaired_at IS NOT NULL AND confirmed_at IS NULL AND outcome IS NULL AND ordered IS NULL AS waits
  FROM dead_letter WHERE id = $1"""
_CONFIRM: Final = "UPDATE dead_letter SET confirmed_by = $2, confirmed_at = now() WHERE id = $1"
_CONFIRMED: Final = f"""
SELECT {EVIDENCE}, state->>'new_hash' AS new_hash FROM change_log
 WHERE topic = $1 AND aggregate_id = $2 ORDER BY version DESC LIMIT 1"""


class StillUnreadable(RuleBroken):
    """The repaired record is no event either; nothing was changed."""

    code = "repair_unreadable"
    bg = "И поправеният запис не може да бъде прочетен: {reason} ({detail})."
    en = "The repaired record cannot be read either: {reason} ({detail})."


class OtherIdentity(RuleBroken):
    """A repair may not make another event of it."""

    code = "repair_changes_identity"
    bg = "Поправката не може да променя идентификатора на събитието (ce_id)."
    en = "A repair may not change the event's id (ce_id)."


class NothingProposed(RuleBroken):
    """No repair of the record waits for a confirmation."""

    code = "no_repair_proposed"
    bg = "Няма предложена поправка, която да чака потвърждение (състояние {state})."
    en = "No repair was proposed that waits for confirmation (state {state})."


class RepairChanged(RuleBroken):
    """Another repair was proposed since the one that is confirmed was read."""

    code = "repair_changed"
    bg = "Предложената поправка е променена, след като сте я прочели. Прегледайте я отново."
    en = "The proposed repair was changed after you read it. Look at it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A record as it came, and as somebody proposes to apply it."""

    id: int
    topic: str
    key: str
    reason: str
    detail: str | None
    state: str
    headers: Mapping[str, str]
    value: bytes
    repaired_headers: Mapping[str, str]
    repaired_value: bytes
    proposed_by: str
    proposed_at: datetime
    why: str

    @property
    def digest(self) -> str:
        """Of what is proposed: whoever confirms names it, so that nothing else is confirmed than what was read."""
        return digest(self.repaired_headers, self.repaired_value)


def digest(headers: Mapping[str, str], value: bytes) -> str:
    """SHA-256 of a record's headers and bytes, in hexadecimal digits."""
    return sha256(to_json(sorted(headers.items())) + value).hexdigest()


async def repair(
    connection: "Connection | asyncpg.Pool",
    letter: int,
    *,
    value: bytes | None,
    headers: Mapping[str, str],
    by: str,
    why: str,
) -> None:
    """Propose corrected bytes and headers: they stand beside the original ones until somebody else confirms them.

    `value` None leaves the bytes, `headers` are added to those there. Raises NotFound, NotParked, OtherIdentity, and
    StillUnreadable when what comes out is no event.
    """
    row = await connection.fetchrow(_RECORD, letter)
    if row is None:
        raise NotFound
    whole = {**(row["repaired_headers"] or row["headers"]), **headers}
    before = row["headers"].get("ce_id", "")
    if uuid_of(before) is not None and whole.get("ce_id") != before:
        raise OtherIdentity
    kept = row["value"] if row["repaired_value"] is None else row["repaired_value"]
    fault = read(delivered(row, headers=whole, value=kept if value is None else value)).fault
    if fault is not None:
        raise StillUnreadable(reason=fault.reason, detail=fault.detail)
    if not await connection.fetchval(_REPAIR, letter, kept if value is None else value, whole, by, why):
        raise NotParked(state=row["state"])


async def proposal(connection: "Connection | asyncpg.Pool", letter: int, *, lock: bool = False) -> Proposal:
    """The repair that waits for confirmation. Raises NotFound, NothingProposed."""
    row = await connection.fetchrow(f"{_PROPOSAL} FOR UPDATE" if lock else _PROPOSAL, letter)
    if row is None:
        raise NotFound
    given = dict(row)
    if not given.pop("waits"):
        raise NothingProposed(state=row["state"])
    return Proposal(**given)


async def confirm(work: "UnitOfWork", letter: int, *, known: str, why: str) -> Proposal:
    """Answer for the proposed repair whose digest is `known`: from now on a replay applies it.

    Recorded as a change of this service. Raises NotFound, NothingProposed, RepairChanged, and SamePerson for whoever
    proposed it.
    """
    connection = await work.begin()
    found = await proposal(connection, letter, lock=True)
    by = work.actor.subject
    if found.digest != known:
        raise RepairChanged
    if found.proposed_by == by:
        raise SamePerson(transition="confirm-repair", earlier="repair")
    state = RepairState(
        topic=found.topic,
        key=found.key,
        event_id=found.repaired_headers.get("ce_id", ""),
        fault=found.reason,
        old_hash=digest(found.headers, found.value),
        new_hash=found.digest,
        proposed_by=found.proposed_by,
        confirmed_by=by,
    )
    store = Store(work, REPAIR, RepairState)
    fact = CATALOGUE[f"bg.aksu.{work.source}.dead_letter.repair_confirmed.v1"]
    before = (await store.get_many([str(letter)])).get(str(letter))
    if before is None:
        store.save(begins(fact, state, id=str(letter), scope=SCOPE, reason=why))
    else:
        store.save(before.becomes(fact, reason=why, **state.model_dump()))
    await connection.execute(_CONFIRM, letter, by)
    return found


async def is_confirmed(connection: "Connection", service: str, keys: LogKeys, row: Mapping[str, Any]) -> bool:
    """Whether the log holds a signed confirmation of what a replay is about to apply (`id`, `headers`, `value`)."""
    change = await connection.fetchrow(_CONFIRMED, f"aksu.{service}.dead_letter.v1", str(row["id"]))
    if change is None or keys.doubt(service, change) is not None:
        return False
    return bool(change["new_hash"] == digest(row["headers"], row["value"]))


def delivered(row: Mapping[str, Any], *, headers: Mapping[str, str], value: bytes) -> Delivered:
    """A parked record as the bus would deliver it, with these headers and bytes."""
    return Delivered(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        key=row["key"],
        value=value,
        headers=headers,
        time=int(row["parked_at"].timestamp() * 1000),
    )


def uuid_of(text: str) -> UUID | None:
    """The id that a header holds, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None
