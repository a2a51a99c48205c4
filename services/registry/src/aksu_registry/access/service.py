"""Revoking access: tokens of a subject issued before now open nothing any more, in any service."""

from datetime import UTC, datetime

from aksu_shared.db.access import ACCESS, ACCESS_REVOCATION
from aksu_shared.db.store import Kept, Store, begins
from aksu_shared.events.registry.access import AccessRevoked, AccessState
from aksu_shared.procedures.context import Context


class AccessService:
    """Keeps since when each subject's tokens count."""

    def __init__(self, context: Context) -> None:
        self._store = Store(context.work, ACCESS_REVOCATION, AccessState)

    async def revoke(self, subject: str, *, reason: str) -> Kept[AccessState]:
        """Let no token of the holder of that pseudonym count issued before now; tokens live in real time."""
        now = datetime.now(UTC)
        known = await self._store.get_many([subject])
        if subject in known:
            return self._store.save(known[subject].becomes(AccessRevoked, reason=reason, not_before=now))
        return self._store.save(
            begins(AccessRevoked, AccessState(not_before=now), id=subject, scope=(ACCESS,), reason=reason)
        )
