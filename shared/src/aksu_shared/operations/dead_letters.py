"""Dead letters over HTTP, the same in every service: listed, shown, a repair proposed, replay or discarding ordered.

An operator sees why a record was parked, and its content only as far as everybody may see it: in its scope and by the
right under which such aggregates are read.
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Path, Query, Request
from pydantic import AwareDatetime, Field
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    func,
    select,
)
from starlette.responses import Response

from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import ANONYMOUS, Principal
from aksu_shared.bus.topics import declared_topics
from aksu_shared.db.reads import Page
from aksu_shared.events.catalogue import READ_UNDER
from aksu_shared.kernel import strict_json
from aksu_shared.kernel.errors import Malformed, NotFound, NotParked
from aksu_shared.kernel.schemas.base import Body, Resource
from aksu_shared.serving.problems import problems
from aksu_shared.web.commands import COMMAND_PROBLEMS, Command
from aksu_shared.web.reads import PageOf, PageQuery, page_response
from aksu_shared.web.routing import Router
from aksu_shared.worker.repairing import OtherIdentity, StillUnreadable, digest, repair

State = Literal["PARKED", "REPAIRED", "REPLAYED", "DISCARDED"]
_MAX_ID: Final = 2**63
_NAME: Final = r"^ce_[a-z]{1,20}$"
_PRINTABLE: Final = r"^[^\x00-\x1f\x7f]{0,500}$"

_T: Final = Table(
    "dead_letter",
    MetaData(),
    *(Column(name, BigInteger) for name in ("id", "offset")),
    *(Column(name, Integer) for name in ("partition", "tries")),
    *(Column(name, Text) for name in ("consumer", "topic", "key", "reason", "detail", "state", "outcome", "ordered")),
    *(Column(name, Text) for name in ("resolved_by", "resolution", "repaired_by", "confirmed_by")),
    *(
        Column(name, DateTime(timezone=True))
        for name in ("parked_at", "tried_at", "repaired_at", "confirmed_at", "resolved_at")
    ),
    Column("value", LargeBinary),
)
_C: Final = _T.c
_LETTER: Final = select(
    _C.id, _C.topic, _C.partition, _C.offset, _C.key, _C.reason, _C.detail, _C.state, _C.ordered, _C.tries,
    func.octet_length(_C.value).label("size"), _C.parked_at, _C.tried_at, _C.repaired_at, _C.repaired_by,
    _C.confirmed_at, _C.confirmed_by, _C.resolved_at,
    _C.resolved_by, _C.resolution,
)  # fmt: skip
_LETTERS: Final = Page(
    columns=_LETTER,
    filters={name: _C[name] == bindparam(name) for name in ("state", "topic", "key", "reason")},
    sorts={"id": (_C.id,)},
)
_OPEN: Final = Page(columns=_LETTER.where(_C.outcome.is_(None)), filters=_LETTERS.filters, sorts=_LETTERS.sorts)
ONE: Final = """
SELECT id, topic, partition, "offset", key, reason, detail, state, ordered, tries, octet_length(value) AS size,
       parked_at, tried_at, repaired_at, repaired_by, confirmed_at, confirmed_by, resolved_at, resolved_by, resolution,
       headers, value, repaired_headers, repaired_value, repair_reason
  FROM dead_letter WHERE id = $1"""
_ORDER: Final = """
UPDATE dead_letter SET ordered = $2, ordered_by = $3, ordered_at = now(), order_reason = $4
 WHERE id = $1 AND outcome IS NULL AND ordered IS NULL RETURNING true"""

router = Router(tags=["dead letters"])


class DeadLetterRead(Resource):
    """One parked record. `ordered`: what the worker has yet to do with it.

    What `repaired_by` proposed is applied once `confirmed_by` is somebody.
    """

    id: int
    topic: str
    partition: int
    offset: int
    key: str
    reason: str
    detail: str | None
    state: State
    ordered: Literal["REPLAY", "DISCARD"] | None
    tries: int
    size: int = Field(description="bytes of the record's value")
    parked_at: AwareDatetime
    tried_at: AwareDatetime | None
    repaired_at: AwareDatetime | None
    repaired_by: str | None
    confirmed_at: AwareDatetime | None
    confirmed_by: str | None
    resolved_at: AwareDatetime | None
    resolved_by: str | None
    resolution: str | None


class Content(Resource):
    """Bytes of a record: as text, or as hexadecimal digits when they are no UTF-8; null when they are not public."""

    text: str | None
    hex: str | None
    withheld: bool


class DeadLetterDetail(DeadLetterRead):
    """One parked record with its headers and, where everybody may see them, its bytes."""

    headers: dict[str, str]
    content: Content
    repaired_headers: dict[str, str] | None
    repaired_content: Content | None
    repair_reason: str | None
    repair_digest: str | None = Field(description="names what is proposed, for whoever is to confirm it")


class DeadLetterQuery(PageQuery):
    """Filters of the list; without `state` it holds what is neither replayed nor discarded."""

    state: State | None = None
    topic: Annotated[str, Query(max_length=200)] | None = None
    key: Annotated[str, Query(max_length=200)] | None = None
    reason: Annotated[str, Query(max_length=50)] | None = None
    sort: Literal["id", "-id"] = "id"


class Repair(Body):
    """A corrected record: its data anew, or headers besides, or both. Its id (`ce_id`) stays what it was."""

    data: dict[str, Any] | None = None
    headers: dict[Annotated[str, Field(pattern=_NAME)], Annotated[str, Field(pattern=_PRINTABLE)]] = Field(
        default_factory=dict, max_length=20
    )
    reason: Annotated[str, Field(min_length=3, max_length=500, pattern=_PRINTABLE)]


class DeadLetterReplay(Body):
    """Nothing has to be said; the whole key is replayed."""


class Discard(Body):
    """Why the record is given up for good."""

    reason: Annotated[str, Field(min_length=3, max_length=500, pattern=_PRINTABLE)]


async def command_of(request: Request, principal: PrincipalDep) -> AsyncIterator[Command]:
    """The unit of work of a request about a dead letter; commits before the answer leaves."""
    async with request.app.state.api.commands.open(request, principal) as command:
        yield command


_LetterId = Annotated[str, Path(alias="letter_id", max_length=20)]
_CommandDep = Annotated[Command, Depends(command_of, scope="function")]


@router.get(
    "/dead-letters",
    response_model=PageOf[DeadLetterRead],
    responses=problems(Malformed),
    dependencies=[requires("platform.dead_letter.read")],
)
async def list_dead_letters(
    query: Annotated[DeadLetterQuery, Query()], request: Request, principal: PrincipalDep
) -> Response:
    """Records that could not be applied, in the order they were parked."""
    page = _LETTERS if query.state else _OPEN
    return await page_response(request.app.state.api.reads, page, query, principal)


@router.get(
    "/dead-letters/{letter_id}",
    response_model=DeadLetterDetail,
    responses=problems(NotFound, Malformed),
    dependencies=[requires("platform.dead_letter.read")],
)
async def get_dead_letter(number: _LetterId, request: Request, principal: PrincipalDep) -> Response:
    """One record with its reason and its bytes."""
    await request.app.state.api.reads.admit(",".join(principal.scope_keys), number)
    row = await request.app.state.api.pool.fetchrow(ONE, letter_id(number))
    if row is None:
        raise NotFound
    return Response(detail_of(row).model_dump_json(), media_type="application/json")


@router.post(
    "/dead-letters/{letter_id}/repair",
    response_model=DeadLetterDetail,
    responses=problems(*COMMAND_PROBLEMS, NotFound, NotParked, OtherIdentity, StillUnreadable),
    dependencies=[requires("platform.dead_letter.repair")],
)
async def repair_dead_letter(number: _LetterId, body: Repair, command: _CommandDep) -> Response:
    """Propose a corrected record beside the original one; a replay applies it once somebody else has confirmed it."""
    key = letter_id(number)
    data = None if body.data is None else json.dumps(body.data, ensure_ascii=False).encode()
    connection = await command.work.begin()
    by = command.work.actor.subject
    await repair(connection, key, value=data, headers=body.headers, by=by, why=body.reason)
    return command.reply(200, detail_of(await connection.fetchrow(ONE, key)))


@router.post(
    "/dead-letters/{letter_id}/replay",
    status_code=202,
    response_model=DeadLetterDetail,
    responses=problems(*COMMAND_PROBLEMS, NotFound, NotParked),
    dependencies=[requires("platform.dead_letter.replay")],
)
async def replay_dead_letter(number: _LetterId, body: DeadLetterReplay, command: _CommandDep) -> Response:  # noqa: ARG001 - an empty body
    """Have the worker apply the record and all that is parked under its key, in order, under their ids."""
    return await _order(command, number, "REPLAY", None)


@router.post(
    "/dead-letters/{letter_id}/discard",
    status_code=202,
    response_model=DeadLetterDetail,
    responses=problems(*COMMAND_PROBLEMS, NotFound, NotParked),
    dependencies=[requires("platform.dead_letter.discard")],
)
async def discard_dead_letter(number: _LetterId, body: Discard, command: _CommandDep) -> Response:
    """Have the worker give the record up; what is parked behind it waits for a replay."""
    return await _order(command, number, "DISCARD", body.reason)


async def _order(command: Command, number: _LetterId, what: str, why: str | None) -> Response:
    key, connection = letter_id(number), await command.work.begin()
    ordered = await connection.fetchval(_ORDER, key, what, command.work.actor.subject, why)
    row = await connection.fetchrow(ONE, key)
    if row is None:
        raise NotFound
    if not ordered:
        raise NotParked(state=row["state"])
    return command.reply(202, detail_of(row))


def letter_id(text: str) -> int:
    """The number that stands in an address. Raises NotFound for what can be none."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) >= _MAX_ID:  # noqa: PLR2004 - bigint
        raise NotFound
    return int(text)


def detail_of(row: Mapping[str, Any]) -> DeadLetterDetail:
    """A row of `dead_letter` as it may be shown."""
    given = {name: row[name] for name in DeadLetterRead.model_fields}
    repaired = row["repaired_value"]
    return DeadLetterDetail(
        **given,
        headers=row["headers"],
        content=content_of(row["value"], topic=row["topic"]),
        repaired_headers=row["repaired_headers"],
        repaired_content=None if repaired is None else content_of(repaired, topic=row["topic"]),
        repair_reason=row["repair_reason"],
        repair_digest=None if repaired is None else digest(row["repaired_headers"], repaired),
    )


def content_of(value: bytes, *, topic: str, principal: Principal = ANONYMOUS) -> Content:
    """The bytes, if `principal` (by default everybody) may see them, by the event or, where it is none, its topic.

    Besides the scope it takes the right under which such aggregates are read.
    """
    if not _is_shown(value, topic, principal):
        return Content(text=None, hex=None, withheld=True)
    try:
        return Content(text=value.decode(), hex=None, withheld=False)
    except UnicodeDecodeError:
        return Content(text=None, hex=value.hex(), withheld=False)


def _is_shown(value: bytes, topic: str, principal: Principal) -> bool:
    right = READ_UNDER.get(topic)
    if right is not None and not Rights.load().granted(principal, right):
        return False
    try:
        scope = strict_json.loads(value)["scope"]
        return not set(principal.scope_keys).isdisjoint(list(scope))
    except (strict_json.InvalidJson, KeyError, TypeError):
        return any(known.name == topic and not known.restricted for known in declared_topics())
