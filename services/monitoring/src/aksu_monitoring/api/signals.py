"""Signals: taken from anybody, who gets a receipt and nothing else; read by who deals with them, each read recorded."""

import json
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from aksu_monitoring.dependencies import ApiDep, CommandDep, FilingCommandDep, NewIdDep
from aksu_monitoring.errors import InspectionUnknown
from aksu_monitoring.queries import SIGNAL, SIGNAL_THERE, SIGNALS
from aksu_monitoring.schemas.personal import (
    Forwarding,
    InspectionPlanned,
    NewSignal,
    Refusal,
    SignalClosing,
    SignalRead,
    SignalReceipt,
    SignalSummary,
    Triage,
    actions_of,
)
from aksu_monitoring.services.signals import whose
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.db.store import Kept
from aksu_shared.errors import Forbidden, IllegalTransition, Malformed, NotFound
from aksu_shared.events.monitoring import SignalState
from aksu_shared.privacy.people import LEGAL, opened
from aksu_shared.schemas.codes import Code, MunicipalityCode
from aksu_shared.web.audit import AuditEntry, reads_of
from aksu_shared.web.commands import COMMAND_PROBLEMS, Command
from aksu_shared.web.problems import problems
from aksu_shared.web.reads import PageOf, PageQuery, page_response
from aksu_shared.web.routing import Router
from aksu_shared.web.subjects import READ as READ_SUBJECTS

router = Router(tags=["signals"])

_PATH: Final = "/signals/{signal_id}"
_PROBLEMS: Final = (*COMMAND_PROBLEMS, NotFound, Forbidden, IllegalTransition)


class SignalQuery(PageQuery):
    """Filters of the list: none by a person, so that no address names one."""

    state: Annotated[str, Code("signal_states")] | None = None
    category: Annotated[str, Code("signal_categories")] | None = None
    danger_to_life: bool | None = None
    municipality: MunicipalityCode | None = None
    oblast: Annotated[str, Query(pattern="^[A-Z]{3}$", examples=["BLG"])] | None = None
    place_id: UUID | None = None
    receipt: Annotated[str, Query(max_length=20, examples=["С-7Q2M9X4K1B0C"])] | None = None
    overdue: bool | None = None
    sort: Literal["decision_due", "-decision_due", "received_at", "-received_at"] = "decision_due"


@router.post(
    "/signals",
    status_code=201,
    response_model=SignalReceipt,
    responses=problems(*COMMAND_PROBLEMS),
    dependencies=[requires("monitoring.signal.file")],
)
async def file_signal(body: NewSignal, signal_id: NewIdDep, command: FilingCommandDep) -> Response:
    """Signal something. Anybody may, without saying who they are; the answer is a receipt number."""
    kept = await command.factory.signals().file(signal_id, body, by=command.principal)
    return command.reply(201, SignalReceipt(receipt=kept.state.receipt))


@router.get(
    "/signals",
    response_model=PageOf[SignalSummary],
    responses=problems(Malformed),
    dependencies=[requires("monitoring.signal.read")],
)
async def list_signals(query: Annotated[SignalQuery, Query()], api: ApiDep, principal: PrincipalDep) -> Response:
    """Signals without personal data, those to be decided first before the others."""
    return await page_response(api.reads, SIGNALS, query, principal)


@router.get(
    _PATH,
    response_model=SignalRead,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("monitoring.signal.read")],
)
async def get_signal(signal_id: UUID, api: ApiDep, principal: PrincipalDep) -> Response:
    """One signal whole: what it says, who sent it, whom it is about."""
    reader = principal.holding(LEGAL) if api.rights.granted(principal, READ_SUBJECTS) else principal
    found = await api.reads.one(SIGNAL, scope=",".join(reader.scope_keys), id=signal_id)
    if found is None:
        raise NotFound
    version, body = found
    row: dict[str, Any] = json.loads(body)
    people = opened(api.keys, row.pop("people"))
    where = whose(row["municipality"], row["forwarded_to"])
    actions = actions_of(row["state"], lambda right: api.rights.allows(principal, right, **where))
    read = SignalRead.whole(row, people, actions)
    headers = {"ETag": f'"{version}"', "Cache-Control": "no-store"}
    return Response(read.model_dump_json(), media_type="application/json", headers=headers)


@router.get(
    f"{_PATH}/access-log",
    response_model=PageOf[AuditEntry],
    responses=problems(NotFound, Malformed),
    dependencies=[requires("monitoring.signal.audit")],
)
async def list_signal_reads(
    signal_id: UUID, query: Annotated[PageQuery, Query()], api: ApiDep, principal: PrincipalDep
) -> Response:
    """Who read a signal, when and what for: for the people it tells of, who ask for it."""
    if await api.reads.one(SIGNAL_THERE, scope=",".join(principal.scope_keys), id=signal_id) is None:
        raise NotFound
    return await reads_of(api.reads, str(signal_id), query, principal)


def _answer(command: Command[Any], kept: Kept[SignalState]) -> Response:
    return command.reply(200, SignalSummary.of(kept), version=kept.version)


@router.post(
    f"{_PATH}/triage",
    response_model=SignalSummary,
    responses=problems(*_PROBLEMS),
    dependencies=[requires("monitoring.signal.triage")],
)
async def triage(signal_id: UUID, body: Triage, command: CommandDep) -> Response:
    """Say what it is about, and whether a life is in danger."""
    service = command.factory.signals()
    kept = await service.triage(signal_id, body, version=command.known_version, by=command.principal)
    return _answer(command, kept)


@router.post(
    f"{_PATH}/forward",
    response_model=SignalSummary,
    responses=problems(*_PROBLEMS),
    dependencies=[requires("monitoring.signal.forward")],
)
async def forward(signal_id: UUID, body: Forwarding, command: CommandDep) -> Response:
    """Give it to the body that is competent."""
    service = command.factory.signals()
    kept = await service.forward(signal_id, body.body, version=command.known_version, by=command.principal)
    return _answer(command, kept)


@router.post(
    f"{_PATH}/plan-inspection",
    response_model=SignalSummary,
    responses=problems(*_PROBLEMS),
    dependencies=[requires("monitoring.signal.decide")],
)
async def plan_inspection(signal_id: UUID, body: InspectionPlanned, command: CommandDep) -> Response:  # noqa: ARG001 - an empty body
    """Decide that an inspection follows."""
    service = command.factory.signals()
    kept = await service.plan_inspection(signal_id, version=command.known_version, by=command.principal)
    return _answer(command, kept)


@router.post(
    f"{_PATH}/refuse",
    response_model=SignalSummary,
    responses=problems(*_PROBLEMS),
    dependencies=[requires("monitoring.signal.decide")],
)
async def refuse_signal(signal_id: UUID, body: Refusal, command: CommandDep) -> Response:
    """Refuse it with reasons."""
    service = command.factory.signals()
    kept = await service.refuse(signal_id, body, version=command.known_version, by=command.principal)
    return _answer(command, kept)


@router.post(
    f"{_PATH}/close",
    response_model=SignalSummary,
    responses=problems(*_PROBLEMS, InspectionUnknown),
    dependencies=[requires("monitoring.signal.decide")],
)
async def close_signal(signal_id: UUID, body: SignalClosing, command: CommandDep) -> Response:
    """Name the inspection that was made."""
    service = command.factory.signals()
    kept = await service.close(signal_id, body.inspection_id, version=command.known_version, by=command.principal)
    return _answer(command, kept)
