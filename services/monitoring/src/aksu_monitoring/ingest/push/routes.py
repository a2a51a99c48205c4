"""Inspection events pushed by other systems."""

import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from json import JSONEncoder
from typing import Annotated, Any, Final

from fastapi import Header, Query, Request
from starlette.responses import Response

from aksu_monitoring.ingest.push.cloud_events import BATCH, BINARY, MEDIA_TYPES, STRUCTURED, items_of, media_of
from aksu_monitoring.ingest.push.errors import ItemsRefused, TooManyItems
from aksu_monitoring.ingest.push.schemas import PushReport
from aksu_monitoring.ingest.push.service import Item, PushService, examine
from aksu_monitoring.ingest.sources.dependencies import StagingPrincipalDep
from aksu_monitoring.ingest.sources.errors import SignatureRefused, SourceDisabled, SourceUnknown
from aksu_monitoring.ingest.sources.rules import pushing_name, source_of
from aksu_monitoring.ingest.sources.service import Senders
from aksu_monitoring.ingest.staging.service import INGESTED
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.principal import Principal
from aksu_shared.kernel.errors import MAX_ERRORS, Language, Malformed, TooManyRequests
from aksu_shared.kernel.failpoint import failpoint
from aksu_shared.kernel.schemas.base import Filters
from aksu_shared.serving.language import language_of
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import Api, ApiDep
from aksu_shared.web.rate import Rate
from aksu_shared.web.request import INGEST_BODY, beside_if_large
from aksu_shared.web.routing import Router, accepts

router = Router(tags=["ingest"])

_SHORT: Final = 100
_STORED: Final = frozenset({"accepted", "duplicate"})
ACCEPTED, MULTI_STATUS, OK = 202, 207, 200
_encode: Final = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class PushQuery(Filters):
    """`partial`: store the good events though others are bad. `dry_run`: say what would happen and store nothing."""

    partial: bool = False
    dry_run: bool = False


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            BINARY: {
                "schema": {"type": "object", "description": "binary mode: the data; attributes are `ce-` headers"}
            },
            STRUCTURED: {"schema": {"type": "object", "description": "structured mode: one CloudEvent"}},
            BATCH: {"schema": {"type": "array", "items": {"type": "object"}, "maxItems": 100}},
        },
    }
}


@router.options(
    "/inspection-events",
    status_code=200,
    response_class=Response,
    responses=problems(Malformed),
    dependencies=[requires("monitoring.ingest.handshake")],
)
async def shake_hands(
    request: Request,
    principal: PrincipalDep,
    origin: Annotated[str | None, Header(alias="WebHook-Request-Origin", max_length=300)] = None,
) -> Response:
    """The handshake of CloudEvents webhooks: how often per minute anybody may push who has a token for it.

    Only to a program, by its token, it is confirmed that its origin may.
    """
    rate: Rate = request.app.state.ingest_rate
    headers = {"Allow": "GET, HEAD, OPTIONS, POST", "WebHook-Allowed-Rate": str(rate.per_minute)}
    if origin is not None and principal.system is not None and origin.isascii() and origin.isprintable():
        headers["WebHook-Allowed-Origin"] = origin
    return Response(status_code=200, headers=headers)


@router.post(
    "/inspection-events",
    status_code=ACCEPTED,
    response_model=PushReport,
    responses=problems(
        Malformed, ItemsRefused, TooManyItems, TooManyRequests, SourceUnknown, SourceDisabled, SignatureRefused
    )
    | {
        OK: {"model": PushReport, "description": "A dry run: what would happen."},
        MULTI_STATUS: {"model": PushReport, "description": "Some events are refused, the others stored."},
    },
    dependencies=[requires("monitoring.ingest.push")],
    max_body_size=INGEST_BODY,
    openapi_extra=_BODY,
)
@accepts(*MEDIA_TYPES)
async def push(
    request: Request, query: Annotated[PushQuery, Query()], api: ApiDep, principal: StagingPrincipalDep
) -> Response:
    """Take in one event or a batch of up to 100. Answered 2xx only when what was accepted is durable."""
    rate: Rate = request.app.state.ingest_rate
    rate.take(pushing_name(principal))
    await _check_signature(request, api, principal)
    items = await items_of(request)
    language = language_of(request.headers.get("accept-language"))
    judged = partial(examine, items, source=source_of(principal), today=api.clock.today(), terms=api.commands.terms)
    await beside_if_large(await request.body(), judged)
    if not query.partial:
        _all_or_none(items, language)
    good = [item for item in items if not item.refused]
    if good:
        await _store(api, principal, good, query, language)
    report = _report(items, language, dry_run=query.dry_run)
    status = OK if query.dry_run else MULTI_STATUS if report["refused"] else ACCEPTED
    return Response(_encode(report), status, media_type="application/json")


async def _check_signature(request: Request, api: Api, principal: Principal) -> None:
    """Raise unless the caller may push and signed what it sent; before anything of the body is parsed."""
    senders: Senders = request.app.state.senders
    media = media_of(request)
    await senders.admit(
        api.pool,
        pushing_name(principal),
        request.headers,
        await request.body(),
        whole=media != BINARY,
        now=time.time(),
    )


async def _store(api: Api, principal: Principal, items: Sequence[Item], query: PushQuery, language: Language) -> None:
    """Store in one transaction; a contradiction keeps all out, unless the good ones may go by themselves.

    Nearly always everything is new: then one statement, which commits by itself, is all there is to do.
    """
    if query.dry_run or not await PushService.of(api.pool, principal).store_new(items):
        async with api.commands.work(principal, commit=not query.dry_run) as work:
            await PushService.of(work.connection, principal).store(items)
            if not query.partial:
                _all_or_none(items, language)
            failpoint("before_commit")
    failpoint("after_commit_before_ack")
    if not query.dry_run:
        api.commands.notifier.poke(INGESTED)


def _all_or_none(items: Sequence[Item], language: Language) -> None:
    """Raise ItemsRefused, with every item's result, when any is refused."""
    refused = [item for item in items if item.refused]
    if not refused:
        return
    for item in items:
        if not item.refused:
            item.result = "withheld"
    errors = [error for item in refused for error in item.errors]
    untold = sum(item.untold for item in refused)
    results = _results(items, language)
    raise ItemsRefused(errors=errors, untold=untold, refused=len(refused), total=len(items), items=results)


def _report(items: Sequence[Item], language: Language, *, dry_run: bool) -> dict[str, Any]:
    """A PushReport, as plain values: it is built for every push."""
    count = Counter(item.result for item in items)
    return {
        "dry_run": dry_run,
        "accepted": count["accepted"],
        "duplicate": count["duplicate"],
        "refused": count["conflict"] + count["invalid"],
        "items": _results(items, language),
    }


def _results(items: Sequence[Item], language: Language) -> list[dict[str, Any]]:
    """What became of each; every refused one tells a fault at least, all together not many more than a problem does."""
    told = max(1, MAX_ERRORS // max(1, sum(item.refused for item in items)))
    return [_result(item, language, told=told) for item in items]


def _result(item: Item, language: Language, *, told: int) -> dict[str, Any]:
    shown = _whole if item.result in _STORED else _short
    return {
        "index": item.index,
        "id": shown(item.event.id if item.event else item.attribute("id")),
        "source": shown(item.event.source if item.event else item.attribute("source")),
        "result": item.result,
        "errors": [error.render(language) for error in item.errors[:told]],
        "more_errors": len(item.errors[told:]) + item.untold,
    }


def _whole(text: str | None) -> str | None:
    return text


def _short(text: str | None) -> str | None:
    """What was sent, to tell events apart; never more of it than a refusal should hold."""
    return text if text is not None and len(text.encode()) <= _SHORT else None
