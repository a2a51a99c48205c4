"""Pushed events as they stand: applied, held, parked; their repair and replay; what inspections wait for."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from aksu_monitoring.ingest.sources.dependencies import StagingCommandDep, StagingPrincipalDep
from aksu_monitoring.ingest.staging.errors import NothingToConfirm, RepairedIt
from aksu_monitoring.ingest.staging.queries import AWAITING, STAGED_EVENT_BY_ID, STAGED_EVENTS
from aksu_monitoring.ingest.staging.rules import NEEDS_CONFIRMATION, SET_ASIDE
from aksu_monitoring.ingest.staging.schemas import (
    AwaitingRead,
    EventConfirmation,
    EventRepair,
    Replay,
    Replayed,
    StagedEventDetail,
    StagedEventRead,
)
from aksu_monitoring.ingest.staging.service import StagingService
from aksu_shared.auth.dependencies import requires
from aksu_shared.kernel.errors import Forbidden, Malformed, NotFound, NotParked
from aksu_shared.kernel.schemas.codes import Code
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep
from aksu_shared.web.commands import COMMAND_PROBLEMS, UPDATE_PROBLEMS
from aksu_shared.web.reads import PageOf, PageQuery, one_response, page_response
from aksu_shared.web.routing import Router

router = Router(tags=["ingest"])


class StagedEventQuery(PageQuery):
    """Filters of the list."""

    state: Annotated[str, Code("ingest_states")] | None = None
    reason: Annotated[str, Code("parking_reasons")] | None = None
    source: Annotated[str, Query(max_length=300)] | None = None
    subject: Annotated[str, Query(max_length=200)] | None = None
    event_id: Annotated[str, Query(max_length=200)] | None = None
    type: Annotated[str, Query(max_length=100)] | None = None
    sort: Literal["id", "-id"] = "id"


class AwaitingQuery(PageQuery):
    """Filters of the list."""

    source: Annotated[str, Query(max_length=300)] | None = None
    subject: Annotated[str, Query(max_length=200)] | None = None


@router.get(
    "/inspection-events",
    response_model=PageOf[StagedEventRead],
    responses=problems(Malformed),
    dependencies=[requires("monitoring.ingest.read")],
)
async def list_events(
    query: Annotated[StagedEventQuery, Query()], api: ApiDep, principal: StagingPrincipalDep
) -> Response:
    """Pushed events, oldest first; a pushing system sees its own."""
    return await page_response(api.reads, STAGED_EVENTS, query, principal)


@router.get(
    "/inspection-events/{event_id}",
    response_model=StagedEventDetail,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("monitoring.ingest.read")],
)
async def get_event(event_id: UUID, request: Request, api: ApiDep, principal: StagingPrincipalDep) -> Response:
    """One pushed event with its data; its id is the platform's, not the sender's."""

    def actions(event: dict[str, Any]) -> list[str]:
        if event["state"] not in SET_ASIDE:
            return []
        waits = event["reason"] == NEEDS_CONFIRMATION
        found = ["repair", "replay"] if api.rights.allows(principal, "monitoring.ingest.replay") else []
        return [*found, "confirm"] if waits and api.rights.allows(principal, "monitoring.ingest.confirm") else found

    return await one_response(api.reads, STAGED_EVENT_BY_ID, request, principal, actions=actions, id=event_id)


@router.put(
    "/inspection-events/{event_id}",
    response_model=Replayed,
    responses=problems(*UPDATE_PROBLEMS, Forbidden, NotParked),
    dependencies=[requires("monitoring.ingest.replay")],
)
async def repair_event(event_id: UUID, body: EventRepair, command: StagingCommandDep) -> Response:
    """Correct the data of a parked event; what was sent stays beside it. It is applied by a replay."""
    version = await StagingService(command.context).repair(
        event_id, body.data, reason=body.reason, version=command.known_version, by=command.principal
    )
    return command.reply(200, Replayed(id=event_id, state="REPAIRED", version=version), version=version)


@router.post(
    "/inspection-events/{event_id}/replay",
    response_model=Replayed,
    responses=problems(*COMMAND_PROBLEMS, NotFound, Forbidden, NotParked),
    dependencies=[requires("monitoring.ingest.replay")],
)
async def replay_event(event_id: UUID, body: Replay, command: StagingCommandDep) -> Response:  # noqa: ARG001 - an empty body
    """Have a parked event applied, and what is held behind it."""
    version = await StagingService(command.context).replay(event_id, version=command.known_version)
    return command.reply(200, Replayed(id=event_id, state="PENDING", version=version), version=version)


@router.post(
    "/inspection-events/{event_id}/confirm",
    response_model=Replayed,
    responses=problems(*COMMAND_PROBLEMS, NotFound, Forbidden, NothingToConfirm, RepairedIt),
    dependencies=[requires("monitoring.ingest.confirm")],
)
async def confirm_event(event_id: UUID, body: EventConfirmation, command: StagingCommandDep) -> Response:
    """Stand for an event that accuses somebody: only then it takes effect, and the public reads it."""
    version = await StagingService(command.context).confirm(
        event_id, reason=body.reason, version=command.known_version, by=command.principal
    )
    return command.reply(200, Replayed(id=event_id, state="PENDING", version=version), version=version)


@router.get(
    "/ingest/awaiting",
    response_model=PageOf[AwaitingRead],
    responses=problems(Malformed),
    dependencies=[requires("monitoring.ingest.read")],
)
async def list_awaiting(
    query: Annotated[AwaitingQuery, Query()], api: ApiDep, principal: StagingPrincipalDep
) -> Response:
    """Pushed inspections that stand still, with the events they wait for."""
    return await page_response(api.reads, AWAITING, query, principal)
