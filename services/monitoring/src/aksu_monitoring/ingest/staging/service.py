"""What people do with pushed events that are set aside: repair, replay, confirm."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from aksu_monitoring.ingest.staging.errors import NothingToConfirm, RepairedIt
from aksu_monitoring.ingest.staging.rules import NEEDS_CONFIRMATION, SET_ASIDE
from aksu_monitoring.ingest.staging.store import SetAside, StagingStore
from aksu_shared.auth.principal import Principal
from aksu_shared.events.ingest import DATA
from aksu_shared.kernel.errors import NotParked
from aksu_shared.procedures.context import Context
from aksu_shared.serving.messages import malformed

INGESTED: Final = "inspection_events"
"""Channel of the database on which the worker is told that pushed events were stored."""


class StagingService:
    """Repairs, replays and confirms parked events; their identity and what was sent stay as they are."""

    def __init__(self, context: Context) -> None:
        self._staging = StagingStore(context.work)

    async def repair(
        self, key: UUID, data: Mapping[str, Any], *, reason: str, version: int | None, by: Principal
    ) -> int:
        """Correct the data; give the new version. Raises NotFound, PreconditionFailed, NotParked, Malformed."""
        kind = (await self._parked(key, version)).type
        try:
            read = DATA[kind].model_validate(data)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            raise malformed([{**each, "loc": ("body", "data", *each["loc"])} for each in found]) from None
        corrected = read.model_dump(mode="json", exclude_none=True)
        return await self._staging.repair(key, corrected, by=by.subject, reason=reason)

    async def replay(self, key: UUID, *, version: int | None) -> int:
        """Let it be applied again; give the new version. Raises NotFound, PreconditionFailed, NotParked."""
        await self._parked(key, version)
        return await self._staging.replay(key)

    async def confirm(self, key: UUID, *, reason: str, version: int | None, by: Principal) -> int:
        """Let what accuses somebody take effect, and stand for it; give the new version.

        Raises NotFound, PreconditionFailed, NothingToConfirm, RepairedIt.
        """
        found = await self._staging.locked(key, version=version)
        if found.state not in SET_ASIDE or found.reason != NEEDS_CONFIRMATION:
            raise NothingToConfirm(state=found.state)
        if found.repaired_by == by.subject:
            raise RepairedIt
        return await self._staging.confirm(key, by=by.subject, reason=reason)

    async def _parked(self, key: UUID, version: int | None) -> SetAside:
        found = await self._staging.locked(key, version=version)
        if found.state not in SET_ASIDE:
            raise NotParked(state=found.state)
        return found
