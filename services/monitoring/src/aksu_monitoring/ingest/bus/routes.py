"""Records of the bus that did not become events: duplicates and refusals; the repair and replay of refused ones."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_monitoring.ingest.bus.errors import NotParked, NotVouchedFor, StillRefused
from aksu_monitoring.ingest.bus.queries import PUSHED_RECORD_BY_ID, PUSHED_RECORDS
from aksu_monitoring.ingest.bus.schemas import (
    PushedRecordDetail,
    PushedRecordRead,
    PushedRecordResolved,
    RecordDiscard,
    RecordRepair,
)
from aksu_monitoring.ingest.bus.service import RefusedService
from aksu_monitoring.ingest.sources.dependencies import StagingCommandDep, StagingPrincipalDep
from aksu_monitoring.ingest.staging.schemas import Replay
from aksu_shared.auth.dependencies import requires
from aksu_shared.kernel.errors import Forbidden, Malformed, NotFound
from aksu_shared.kernel.schemas.codes import Code
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep
from aksu_shared.web.commands import COMMAND_PROBLEMS, UPDATE_PROBLEMS
from aksu_shared.web.reads import PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router

router = Router(tags=["ingest"])


class PushedRecordQuery(PageQuery):
    """Filters of the list."""

    state: Annotated[str, Code("pushed_record_states")] | None = None
    result: Annotated[str, Code("ingest_results")] | None = None
    source: Annotated[str, Query(max_length=300)] | None = None
    event_id: Annotated[str, Query(max_length=200)] | None = None
    sort: Literal["id", "-id"] = "id"


@router.get(
    "/pushed-records",
    response_model=PageOf[PushedRecordRead],
    responses=problems(Malformed),
    dependencies=[requires("monitoring.ingest.read")],
)
async def list_records(
    query: Annotated[PushedRecordQuery, Query()], api: ApiDep, principal: StagingPrincipalDep
) -> Response:
    """Records that came over the bus and were not stored, oldest first; a pushing system sees its own."""
    return await page_response(api.reads, PUSHED_RECORDS, query, principal)


@router.get(
    "/pushed-records/{record_id}",
    response_model=PushedRecordDetail,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("monitoring.ingest.read")],
)
async def get_record(record_id: UUID, request: Request, api: ApiDep, principal: StagingPrincipalDep) -> Response:
    """One of them with headers and bytes (base64)."""

    def actions(record: dict[str, Any]) -> list[str]:
        may = record["state"] == "PARKED" and api.rights.allows(principal, "monitoring.ingest.replay")
        return ["repair", "replay", "discard"] if may else []

    return await one_response(api.reads, PUSHED_RECORD_BY_ID, request, principal, actions=actions, id=record_id)


@router.put(
    "/pushed-records/{record_id}",
    response_model=PushedRecordResolved,
    responses=problems(*UPDATE_PROBLEMS, Forbidden, NotParked),
    dependencies=[requires("monitoring.ingest.replay")],
)
async def repair_record(record_id: UUID, body: RecordRepair, command: StagingCommandDep) -> Response:
    """Put a whole corrected CloudEvent beside the bytes, and so vouch for it. A replay stores it."""
    service = RefusedService(command.context)
    version = await service.repair(
        record_id, body.event, reason=body.reason, version=command.known_version, by=command.principal
    )
    return command.reply(200, PushedRecordResolved(id=record_id, state="PARKED", version=version), version=version)


@router.post(
    "/pushed-records/{record_id}/replay",
    response_model=PushedRecordResolved,
    responses=problems(*COMMAND_PROBLEMS, NotFound, Forbidden, NotParked, NotVouchedFor, StillRefused),
    dependencies=[requires("monitoring.ingest.replay")],
)
async def replay_record(record_id: UUID, body: Replay, command: StagingCommandDep) -> Response:  # noqa: ARG001 - an empty body
    """Store a refused record as an event: as it was repaired, or as it came when its source is certain."""
    service = RefusedService(command.context)
    version = await service.replay(record_id, version=command.known_version, by=command.principal)
    return command.reply(200, PushedRecordResolved(id=record_id, state="REPLAYED", version=version), version=version)


@router.post(
    "/pushed-records/{record_id}/discard",
    response_model=PushedRecordResolved,
    responses=problems(*COMMAND_PROBLEMS, NotFound, Forbidden, NotParked),
    dependencies=[requires("monitoring.ingest.replay")],
)
async def discard_record(record_id: UUID, body: RecordDiscard, command: StagingCommandDep) -> Response:
    """Give a refused record up; it stays listed as discarded."""
    service = RefusedService(command.context)
    version = await service.discard(record_id, reason=body.reason, version=command.known_version, by=command.principal)
    return command.reply(200, PushedRecordResolved(id=record_id, state="DISCARDED", version=version), version=version)
