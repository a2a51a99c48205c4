"""Revoking access: one person asks, another confirms; then older tokens of the subject open nothing, in any service."""

from datetime import UTC, datetime
from typing import Final

from uuid_utils.compat import uuid7

from aksu_registry.access.errors import OperatorsAlone, OwnAccess
from aksu_registry.access.machine import ACCESS_REQUEST_MACHINE, REQUESTED
from aksu_registry.access.tables import AccessRequestTable
from aksu_shared.auth.principal import Principal
from aksu_shared.db.access import ACCESS, ACCESS_REVOCATION
from aksu_shared.db.store import Kept, Store, begins
from aksu_shared.db.tables import table_of
from aksu_shared.events.registry.access import AccessRevoked, AccessState
from aksu_shared.events.registry.access_requests import (
    AccessRequestConfirmed,
    AccessRequestMade,
    AccessRequestState,
    AccessRequestWithdrawn,
)
from aksu_shared.kernel.machine import SamePerson
from aksu_shared.procedures.context import Context

ANSWER_FOR: Final = "registry.access_request.answer_for"


class AccessService:
    """Keeps who asked for which revocation, and since when each subject's tokens count."""

    def __init__(self, context: Context) -> None:
        self._rights = context.rights
        self._revocations = Store(context.work, ACCESS_REVOCATION, AccessState)
        self._requests = Store(context.work, table_of(AccessRequestTable), AccessRequestState)

    async def request(self, subject: str, *, reason: str, by: Principal) -> Kept[AccessRequestState]:
        """Ask for the revocation of the access of the holder of that pseudonym. Nothing stops yet."""
        state = AccessRequestState(
            id=uuid7(),
            subject=subject,
            reason=reason,
            requested_by=by.subject,
            accountable=self._rights.allows(by, ANSWER_FOR),
            state=REQUESTED,
        )
        return self._requests.save(begins(AccessRequestMade, state, id=str(state.id), scope=(ACCESS,), reason=reason))

    async def confirm(self, key: object, *, by: Principal, version: int | None = None) -> Kept[AccessRequestState]:
        """Let no token of the subject count that was issued before now, as the second of two people.

        Raises NotFound, PreconditionFailed, IllegalTransition, SamePerson for who asked, OwnAccess for the subject, and
        OperatorsAlone when neither of the two answers for it.
        """
        kept = await self._requests.get(key)
        kept.expect(version)
        row = ACCESS_REQUEST_MACHINE.leads(kept.state.state, "confirm")
        if by.subject == kept.state.requested_by:
            raise SamePerson(transition="confirm", earlier="request", legal_basis=row.legal_basis)
        if by.subject == kept.state.subject:
            raise OwnAccess(legal_basis=row.legal_basis)
        if not (kept.state.accountable or self._rights.allows(by, ANSWER_FOR)):
            raise OperatorsAlone(right=ANSWER_FOR, legal_basis=row.legal_basis)
        await self._revoke(kept.state.subject, reason=kept.state.reason, legal_basis=row.legal_basis)
        return self._requests.save(
            kept.becomes(AccessRequestConfirmed, legal_basis=row.legal_basis, state=row.target, confirmed_by=by.subject)
        )

    async def withdraw(self, key: object, *, reason: str, version: int | None = None) -> Kept[AccessRequestState]:
        """Let the request be decided by nobody any more. Raises NotFound, PreconditionFailed, IllegalTransition."""
        kept = await self._requests.get(key)
        kept.expect(version)
        row = ACCESS_REQUEST_MACHINE.leads(kept.state.state, "withdraw")
        return self._requests.save(
            kept.becomes(AccessRequestWithdrawn, reason=reason, legal_basis=row.legal_basis, state=row.target)
        )

    async def _revoke(self, subject: str, *, reason: str, legal_basis: str) -> None:
        now = datetime.now(UTC)  # tokens live in real time
        known = (await self._revocations.get_many([subject])).get(subject)
        if known is not None:
            event = known.becomes(AccessRevoked, reason=reason, legal_basis=legal_basis, not_before=now)
        else:
            event = begins(AccessRevoked, AccessState(not_before=now), id=subject, scope=(ACCESS,), reason=reason)
        self._revocations.save(event)
