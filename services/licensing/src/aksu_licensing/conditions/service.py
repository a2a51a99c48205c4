"""Conditions: listed with the application, assessed while it is examined, checked when it is proposed and granted."""

from collections.abc import Mapping

from sqlalchemy import bindparam

from aksu_licensing.conditions.errors import ConditionsNotMet, OverrideNeedless
from aksu_licensing.conditions.rules import (
    BAR,
    ELIGIBLE_PERSON,
    LICENCE_REGISTER,
    MET,
    NO_BAR_REVOKED,
    NOT_MET,
    REGISTRY,
    REQUIRED,
    SCOPE,
    UNKNOWN,
    Finding,
    listed,
    overridden,
    unmet,
    with_findings,
)
from aksu_licensing.conditions.tables import ConditionsTable
from aksu_licensing.licences.store import LicenceStore
from aksu_licensing.registry_copies.store import KnownStore
from aksu_shared.db.store import Kept, Store, begins, rows_where
from aksu_shared.db.tables import table_of
from aksu_shared.events.licensing.applications import ApplicationState
from aksu_shared.events.licensing.conditions import (
    ConditionsAssessed,
    ConditionsListed,
    ConditionsOverridden,
    ConditionsState,
)
from aksu_shared.procedures.context import Context

_TABLE = table_of(ConditionsTable)
_OF_APPLICATION = rows_where(_TABLE, _TABLE.c.application_id == bindparam("application"))


class ConditionService:
    """Keeps what is known of the conditions of applications."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = Store(context.work, _TABLE, ConditionsState)
        self._licences = LicenceStore(context.work)
        self._registry = KnownStore(context.work)

    async def begin(self, application: ApplicationState) -> None:
        """List what must be met for the application; a procedure that asks for nothing has no list."""
        if REQUIRED[application.procedure]:
            await self._of(application)

    async def record(self, application: ApplicationState, findings: Mapping[str, Finding]) -> Kept[ConditionsState]:
        """Keep what was found, by code of the condition. Raises ConditionNotRequired, ConditionEstablished."""
        kept = await self._of(application)
        conditions = with_findings(kept.state, findings)
        said = "; ".join(dict.fromkeys(each.reason for each in findings.values() if each.reason)) or None
        return self._store.save(kept.becomes(ConditionsAssessed, reason=said, conditions=conditions))

    async def propose(self, application: ApplicationState, overrides: Mapping[str, str]) -> None:
        """Keep why a grant is proposed although something is not met; `overrides`: condition → reason.

        Raises ConditionsNotMet when they leave something out, OverrideNeedless when there is nothing to override.
        """
        required = REQUIRED[application.procedure]
        kept = await self._of(application) if required else None
        missing = unmet(kept.state.conditions) if kept else []
        if needless := sorted(overrides.keys() - {*missing}):
            raise OverrideNeedless(listed=", ".join(needless), conditions=needless)
        _refuse([code for code in missing if code not in overrides])
        if kept is not None:
            event = kept.becomes(ConditionsOverridden, conditions=overridden(kept.state.conditions, overrides))
            if event.changed:
                self._store.save(event)

    async def check(self, application: ApplicationState) -> None:
        """Raise ConditionsNotMet for what is not met today and was not overridden when the grant was proposed."""
        if REQUIRED[application.procedure]:
            kept = await self._of(application)
            _refuse(unmet([condition for condition in kept.state.conditions if condition.override is None]))

    async def _of(self, application: ApplicationState) -> Kept[ConditionsState]:
        """The conditions, with what records say today; listed now if they were not."""
        found = await self._store.find(_OF_APPLICATION, application=application.id)
        kept = found[0] if found else self._listed(application)
        known = with_findings(kept.state, await self._known(kept.state))
        event = kept.becomes(ConditionsAssessed, conditions=known)
        return self._store.save(event) if event.changed else kept

    def _listed(self, application: ApplicationState) -> Kept[ConditionsState]:
        state = listed(application)
        return self._store.save(begins(ConditionsListed, state, id=str(state.id), scope=SCOPE))

    async def _known(self, state: ConditionsState) -> Mapping[str, Finding]:
        """What follows today from records: who is confirmed as an eligible person, and a revocation that still bars."""
        now = {condition.code: condition for condition in state.conditions}
        found: dict[str, Finding] = {}
        if now[ELIGIBLE_PERSON].result == UNKNOWN:
            provider = await self._registry.provider(state.provider_id)
            if provider is not None and provider.legal_form_confirmed:
                found[ELIGIBLE_PERSON] = self._finding(MET, REGISTRY, None)
        barred = now[NO_BAR_REVOKED].source == LICENCE_REGISTER and now[NO_BAR_REVOKED].result == NOT_MET
        since = self._context.terms.window_start(BAR, self._context.today)
        revoked = sorted(kept.state.number for kept in await self._licences.revoked(state.provider_body, since=since))
        if revoked and not barred:
            found[NO_BAR_REVOKED] = self._finding(NOT_MET, LICENCE_REGISTER, ", ".join(revoked))
        elif barred and not revoked:  # the term is over, or a court reinstated the licence: nobody knows of another bar
            found[NO_BAR_REVOKED] = self._finding(UNKNOWN, LICENCE_REGISTER, None)
        return found

    def _finding(self, result: str, source: str, reason: str | None) -> Finding:
        by, on = self._context.work.actor.subject, self._context.today
        return Finding(result=result, source=source, reason=reason, by=by, on=on)


def _refuse(missing: list[str]) -> None:
    if missing:
        raise ConditionsNotMet(listed=", ".join(missing), conditions=missing)
