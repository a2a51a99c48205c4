"""Signals: taken from anybody, who gets a receipt and nothing else; read by who deals with them, each read recorded."""

import json
from functools import partial
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response
from uuid_utils.compat import uuid7

from aksu_monitoring.signals.queries import SIGNAL_BY_ID, SIGNAL_VERSION_BY_ID, SIGNALS
from aksu_monitoring.signals.rules import own_key, whose
from aksu_monitoring.signals.schemas import PORTAL, NewSignal, SignalRead, SignalReceipt, SignalSummary
from aksu_monitoring.signals.service import SignalService
from aksu_monitoring.signals.steps import SIGNAL_STEPS
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.db.store import Kept
from aksu_shared.events.monitoring.signals import SignalState
from aksu_shared.kernel.errors import Malformed, NotFound
from aksu_shared.kernel.logging import Correlation, set_correlation
from aksu_shared.kernel.schemas.codes import Code, MunicipalityCode
from aksu_shared.operations.audit import AuditEntry, reads_of
from aksu_shared.operations.subjects import READ as READ_SUBJECTS
from aksu_shared.privacy.people import LEGAL, opened
from aksu_shared.procedures.steps import Offer
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep
from aksu_shared.web.commands import COMMAND_PROBLEMS, Command
from aksu_shared.web.reads import PageOf, PageQuery, page_response
from aksu_shared.web.routing import Router
from aksu_shared.web.steps import add_steps

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
async def file_signal(body: NewSignal, request: Request, api: ApiDep, principal: PrincipalDep) -> Response:
    """Signal something. Anybody may, without saying who they are; the answer is a receipt number.

    Whatever token came with it, nobody is noted as having signalled, but for an officer who takes it down for somebody.
    """
    officer = body.channel != PORTAL and bool(api.rights.granted(principal, "monitoring.signal.record"))
    if not officer:
        # The request's own correlation stands in the gateway's log beside an address, and in what else its sender did.
        set_correlation(Correlation.of(None))
    signal_id = uuid7()
    by = principal if officer else principal.unnamed()
    async with api.commands.open(request, by.holding(own_key(signal_id))) as command:
        kept = await SignalService(command.context).file(signal_id, body, taken_down=officer)
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
    found = await api.reads.one(SIGNAL_BY_ID, scope=",".join(reader.scope_keys), id=signal_id)
    if found is None:
        raise NotFound
    version, body = found
    row: dict[str, Any] = json.loads(body)
    people = opened(api.keys, row.pop("people"))
    state = SignalSummary.model_validate(row)
    offer: Offer[SignalState] = Offer(state=state, today=api.clock.today(), actor=principal.subject)
    actions = SIGNAL_STEPS.actions(offer, partial(api.rights.allows, principal, **whose(state)))
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
    if await api.reads.one(SIGNAL_VERSION_BY_ID, scope=",".join(principal.scope_keys), id=signal_id) is None:
        raise NotFound
    return await reads_of(api.reads, str(signal_id), query, principal)


def _answer(command: Command, kept: Kept[SignalState]) -> Response:
    return command.reply(200, SignalSummary.of(kept), version=kept.version)


add_steps(router, SIGNAL_STEPS, path=_PATH, service=SignalService, read=SignalSummary, answer=_answer)
