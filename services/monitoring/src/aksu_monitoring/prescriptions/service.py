"""Prescriptions after their issue: acknowledged, reported, verified, extended, by the table of transitions."""

from datetime import date
from typing import Any
from uuid import UUID

from aksu_monitoring.domain.machines import PRESCRIPTION
from aksu_monitoring.errors import TermNotExtended, TermStillRuns
from aksu_monitoring.services.placing import restricted_scope
from aksu_monitoring.storage.aggregates import PrescriptionStore
from aksu_monitoring.storage.restricted import RestrictedStore, RestrictedText
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal
from aksu_shared.db.store import Kept
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.monitoring import PrescriptionAdvanced, PrescriptionState


class PrescriptionService:
    """Moves prescriptions. Every method raises NotFound, PreconditionFailed, Forbidden and IllegalTransition."""

    def __init__(
        self, *, work: UnitOfWork, prescriptions: PrescriptionStore, restricted: RestrictedStore, rights: Rights
    ) -> None:
        self._work = work
        self._prescriptions = prescriptions
        self._restricted = restricted
        self._rights = rights

    async def acknowledge(self, key: UUID, *, version: int | None, by: Principal) -> Kept[PrescriptionState]:
        """The provider takes note of it."""
        return self._fire(await self._open(key, version), "acknowledge", by=by)

    async def report_fulfilled(
        self, key: UUID, proof: str, *, version: int | None, by: Principal
    ) -> Kept[PrescriptionState]:
        """The provider reports fulfilment; `proof` is restricted."""
        kept = self._fire(await self._open(key, version), "report_fulfilled", by=by)
        scope = restricted_scope(kept.state.municipality, kept.state.provider_body)
        await self._restricted.add_texts([RestrictedText(kept.state.id, "PROOF", proof, scope)])
        return kept

    async def verify(self, key: UUID, *, version: int | None, by: Principal) -> Kept[PrescriptionState]:
        """An inspector found it fulfilled."""
        return self._fire(await self._open(key, version), "verify", by=by)

    async def not_fulfilled(
        self, key: UUID, reason: str, *, version: int | None, by: Principal
    ) -> Kept[PrescriptionState]:
        """An inspector found it not fulfilled. Raises TermStillRuns too."""
        kept = await self._open(key, version)
        moved = self._fire(kept, "not_fulfilled", by=by, reason=reason)
        if kept.state.state != "REPORTED_FULFILLED" and self._work.clock.today() <= kept.state.due_on:
            raise TermStillRuns(due_on=kept.state.due_on.isoformat())
        return moved

    async def extend_term(
        self, key: UUID, due_on: date, reason: str, *, version: int | None, by: Principal
    ) -> Kept[PrescriptionState]:
        """A later day is set. Raises TermNotExtended too."""
        kept = await self._open(key, version)
        moved = self._fire(kept, "extend_term", by=by, reason=reason, due_on=due_on)
        if due_on <= kept.state.due_on:
            raise TermNotExtended(due_on=kept.state.due_on.isoformat())
        return moved

    async def _open(self, key: UUID, version: int | None) -> Kept[PrescriptionState]:
        kept = await self._prescriptions.get(key)
        kept.expect(version)
        return kept

    def _fire(
        self,
        kept: Kept[PrescriptionState],
        name: str,
        *,
        by: Principal,
        reason: str | None = None,
        **changes: Any,  # noqa: ANN401 - fields of the state
    ) -> Kept[PrescriptionState]:
        state = kept.state
        row = next(row for row in PRESCRIPTION.transitions if row.name == name)
        self._rights.check(by, row.action, territory=state.municipality, owner=state.provider_body)
        row = PRESCRIPTION.fire(state.state, name)
        return self._prescriptions.save(
            kept.becomes(PrescriptionAdvanced, reason=reason, legal_basis=row.legal_basis, state=row.target, **changes)
        )
