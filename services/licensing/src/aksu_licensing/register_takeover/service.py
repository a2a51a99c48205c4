"""Licences of imported register rows: made when a row is first told of, corrected when it changes.

Rows come in batches of hundreds: everything a batch refers to is read once under lock, written once when the edge
flushes. What contradicts licensing's own rules raises an ImportRefused, so the row is found in the dead letters.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from uuid_utils.compat import uuid7

from aksu_licensing.counters.store import CounterStore
from aksu_licensing.licences.rules import SEQUENCE, licence_scope, overlap
from aksu_licensing.licences.service import expiry_of
from aksu_licensing.licences.store import LicenceStore
from aksu_licensing.register_takeover.errors import (
    ImportedLicenceDiffers,
    ImportedLicenceOverlaps,
    ImportedLicenceVanished,
    ImportedNumberTaken,
)
from aksu_licensing.register_takeover.rules import OF_THE_REGISTER, SUCCEEDED, Stated, stated
from aksu_licensing.register_takeover.store import RegisterRowStore
from aksu_shared.db.deadlines import schedule
from aksu_shared.db.store import Kept, begins
from aksu_shared.events.base import Event
from aksu_shared.events.licensing.licences import (
    LicenceAmended,
    LicenceEvent,
    LicenceImported,
    LicenceRenewed,
    LicenceReplaced,
    LicenceState,
)
from aksu_shared.events.registry.register_import import RegisterRowImported, RegisterRowState
from aksu_shared.procedures.context import Context

_REASON: Final = "Внос на публичния регистър"
_FACTS: Final[dict[str, type[LicenceEvent]]] = {"REPLACED": LicenceReplaced, "RENEWED": LicenceRenewed}


class TakeoverService:
    """Keeps the licences that imported register rows state."""

    def __init__(self, context: Context) -> None:
        self._work = context.work
        self._licences = LicenceStore(context.work)
        self._rows = RegisterRowStore(context.work)
        self._counters = CounterStore(context.work)
        self._by_number: dict[str, Kept[LicenceState]] = {}
        self._by_row: dict[tuple[str, str], Kept[LicenceState]] = {}
        self._by_service: dict[str, dict[str, LicenceState]] = {}

    async def take_over(self, events: Sequence[RegisterRowImported]) -> None:
        """Make or correct the licences of these rows, the newest version of each. Raises an ImportRefused."""
        newest = {event.id: event for event in events}
        admitted = await self._rows.admit(list(newest.values()))
        fresh = [event for event in newest.values() if event.id in admitted]
        if not fresh:
            return
        await self._load([event.state for event in fresh])
        changed = [state for event in fresh for state in self._row(event)]
        live = [state for state in changed if state.state_group == "LIVE"]
        await schedule(await self._work.begin(), [expiry_of(state) for state in live])
        if changed:
            await self._counters.raise_to(SEQUENCE, max(state.sequence for state in changed))

    async def _load(self, rows: Sequence[RegisterRowState]) -> None:
        claims = [claim for row in rows for claim in (row.original, row.changed, row.renewed) if claim]
        found = await self._licences.touched_by(
            rows=[row.id for row in rows],
            numbers=[claim.number for claim in claims],
            services=[row.service_id for row in rows],
        )
        for kept in found:
            self._remember(kept)

    def _remember(self, kept: Kept[LicenceState]) -> None:
        state = kept.state
        self._by_number[state.number] = kept
        self._by_service.setdefault(str(state.service_id), {})[kept.id] = state
        if state.register_row_id is not None:
            self._by_row[str(state.register_row_id), state.kind] = kept

    def _row(self, event: RegisterRowImported) -> list[LicenceState]:
        """Record what the row's licences have become; gives those that changed."""
        row = event.state
        licences = stated(row, today=self._work.clock.today())
        self._check_none_vanished(row, licences)
        changed: list[LicenceState] = []
        predecessor: LicenceState | None = None
        with self._work.cause(event):
            for licence in licences:
                kept, is_changed = self._licence(row, licence, predecessor)
                predecessor = kept.state
                changed += [kept.state] if is_changed else []
        self._check_overlap(row, changed)
        return changed

    def _licence(
        self, row: RegisterRowState, licence: Stated, predecessor: LicenceState | None
    ) -> tuple[Kept[LicenceState], bool]:
        kept = self._by_row.get((str(row.id), licence.kind)) or self._by_number.get(licence.number)
        if kept is None:
            state = _new(row, licence, predecessor)
            saved = self._licences.save(
                begins(LicenceImported, state, id=str(state.id), scope=licence_scope(state), reason=_REASON)
            )
            self._remember(saved)
            return saved, True
        event = self._amended(kept, row, licence, predecessor)
        if not event.changed:
            return kept, False
        saved = self._licences.save(event)
        self._by_number.pop(kept.state.number, None)
        self._remember(saved)
        return saved, True

    def _amended(
        self, kept: Kept[LicenceState], row: RegisterRowState, licence: Stated, predecessor: LicenceState | None
    ) -> Event[LicenceState]:
        state = kept.state
        holder = self._by_number.get(licence.number, kept)
        if holder.id != kept.id or state.register_row_id not in {None, row.id}:
            raise ImportedNumberTaken(number=row.number, why=f"licence {licence.number} belongs to another row")
        facts = _facts(row, licence, predecessor)
        if state.origin == "ISSUED":
            facts = _of_an_issued(state, facts, row)
        succeeded_here = state.state_group == "SUCCEEDED" and licence.state not in SUCCEEDED
        if state.state not in OF_THE_REGISTER or succeeded_here:
            del facts["state"], facts["ended_on"]
        moved = facts.get("state", state.state) != state.state
        fact = _FACTS.get(facts.get("state", ""), LicenceAmended) if moved else LicenceAmended
        scope = licence_scope(state.model_copy(update=facts))
        return kept.becomes(fact, scope=scope, reason=_REASON, **facts)

    def _check_none_vanished(self, row: RegisterRowState, licences: Iterable[Stated]) -> None:
        """A licence once published ends by an order; that its column is empty now does not end it."""
        stated_kinds = {licence.kind for licence in licences}
        for kind in ("CHANGED", "RENEWED"):
            gone = self._by_row.get((str(row.id), kind))
            if gone is not None and kind not in stated_kinds:
                raise ImportedLicenceVanished(
                    number=row.number, why=f"licence {gone.state.number} is no longer in the row"
                )

    def _check_overlap(self, row: RegisterRowState, changed: Iterable[LicenceState]) -> None:
        others = self._by_service.get(str(row.service_id), {})
        for state in changed:
            for other in others.values():
                if overlap(state, other):
                    raise ImportedLicenceOverlaps(number=row.number, why=f"overlaps with licence {other.number}")


def _facts(row: RegisterRowState, licence: Stated, predecessor: LicenceState | None) -> dict[str, Any]:
    """The fields of a licence that its register row tells."""
    return {
        "number": licence.number,
        "sequence": licence.sequence,
        "state": licence.state,
        "kind": licence.kind,
        "service_id": row.service_id,
        "provider_id": row.provider_id,
        "provider_body": row.provider_body,
        "provider_name": row.provider_name,
        "place_id": row.place_id,
        "municipality": row.municipality,
        "issued_on": licence.issued_on,
        "in_force_on": licence.valid_from,
        "valid_from": licence.valid_from,
        "valid_until": licence.valid_until,
        "ended_on": licence.ended_on,
        "predecessor_id": predecessor.id if predecessor else None,
        "register_row_id": row.id,
        "violations": row.violations,
    }


def _new(row: RegisterRowState, licence: Stated, predecessor: LicenceState | None) -> LicenceState:
    return LicenceState(id=uuid7(), origin="IMPORTED", **_facts(row, licence, predecessor))


def _of_an_issued(state: LicenceState, facts: dict[str, Any], row: RegisterRowState) -> dict[str, Any]:
    """What a register row may change of a licence issued here: its own record prevails, and must agree."""
    fixed = ("service_id", "issued_on", "valid_until")
    if any(getattr(state, name) != facts[name] for name in fixed):
        raise ImportedLicenceDiffers(
            number=row.number, why=f"licence {state.number} was issued here with other particulars"
        )
    taken = ("state", "ended_on", "predecessor_id", "register_row_id", "violations")
    return {name: facts[name] for name in taken}
