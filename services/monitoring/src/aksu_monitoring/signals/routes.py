"""Signals: taken from anybody, who gets a receipt and nothing else; read by who deals with them, each read recorded."""

import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from aksu_monitoring.dependencies import ApiDep, CommandDep, FilingCommandDep, NewIdDep
from aksu_monitoring.domain.signal import SIGNAL as MACHINE
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
from aksu_monitoring.services.signals import SignalService, whose
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.db.store import Kept
from aksu_shared.errors import Forbidden, IllegalTransition, Malformed, NotFound, Problem
from aksu_shared.events.monitoring import SignalState
from aksu_shared.privacy.people import LEGAL, opened
from aksu_shared.schemas.base import Command as Body
from aksu_shared.schemas.codes import Code, MunicipalityCode
from aksu_shared.terms.machine import Transition
from aksu_shared.terms.steps import described, verb
from aksu_shared.web.audit import AuditEntry, reads_of
from aksu_shared.web.commands import COMMAND_PROBLEMS
from aksu_shared.web.problems import problems
from aksu_shared.web.reads import PageOf, PageQuery, page_response
from aksu_shared.web.routing import Router
from aksu_shared.web.subjects import READ as READ_SUBJECTS

router = Router(tags=["signals"])

_PATH: Final = "/signals/{signal_id}"


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


class _Step(NamedTuple):
    """What a transition takes, what carries it out, and what that may refuse besides the order."""

    body: type[Body]
    act: Callable[..., Awaitable[Kept[SignalState]]]
    refusals: tuple[type[Problem], ...] = ()


_STEPS: Final[Mapping[str, _Step]] = {
    "triage": _Step(Triage, SignalService.triage),
    "forward": _Step(Forwarding, SignalService.forward),
    "plan_inspection": _Step(InspectionPlanned, SignalService.plan_inspection),
    "refuse": _Step(Refusal, SignalService.refuse),
    "close": _Step(SignalClosing, SignalService.close, refusals=(InspectionUnknown,)),
}
"""Transition of the SIGNAL machine → its step."""


def _handler(name: str, step: _Step) -> Callable[..., Coroutine[Any, Any, Response]]:
    async def act(signal_id: UUID, body: step.body, command: CommandDep) -> Response:  # type: ignore[name-defined]
        signals = command.factory.signals()
        kept = await step.act(signals, signal_id, body, version=command.known_version, by=command.principal)
        return command.reply(200, SignalSummary.of(kept), version=kept.version)

    act.__name__ = f"{name}_signal"
    return act


def _add_step(row: Transition) -> None:
    step = _STEPS[row.name]
    if missing := row.missing(step.body.model_fields.keys()):
        msg = f"step {row.name} does not take {missing}"
        raise ValueError(msg)
    router.add_api_route(
        f"{_PATH}/{verb(row.name)}",
        _handler(row.name, step),
        methods=["POST"],
        response_model=SignalSummary,
        summary=f"{row.text.bg} / {row.text.en}",
        description=described(row),
        responses=problems(*COMMAND_PROBLEMS, NotFound, Forbidden, IllegalTransition, *step.refusals),
        dependencies=[requires(row.action)],
    )


for _row in MACHINE.transitions:
    _add_step(_row)
