"""The audit of reads, `GET /v1/audit`, the same in every service: who read what that is not public, and why.

The audit of writes is the change log itself, `GET /v1/changes`.
"""

from typing import Annotated, Any, Final, Literal

from fastapi import Query, Request
from pydantic import AwareDatetime, Field
from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, bindparam, cast, select
from sqlalchemy.dialects.postgresql import ARRAY, array
from starlette.responses import Response

from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.principal import Principal
from aksu_shared.db.read_log import AUDIT
from aksu_shared.db.reads import Page, Reads
from aksu_shared.kernel.errors import Malformed
from aksu_shared.kernel.schemas.base import Resource
from aksu_shared.serving.problems import problems
from aksu_shared.web.reads import PageOf, PageQuery, page_response
from aksu_shared.web.routing import Router

_C: Final = Table(
    "read_log",
    MetaData(),
    *(Column(name, BigInteger) for name in ("seq", "position")),
    *(Column(name, Text) for name in ("actor", "body", "action", "request", "purpose", "correlation_id")),
    *(Column(name, ARRAY(Text)) for name in ("roles", "objects", "scope")),
    Column("recorded_at", DateTime(timezone=True)),
).c
ENTRIES: Final = Page(
    columns=select(
        _C.seq.label("id"), _C.recorded_at, _C.actor, _C.roles, _C.body, _C.action, _C.request, _C.objects,
        _C.purpose, _C.correlation_id, _C.position,
    ),
    filters={
        "actor": _C.actor == bindparam("actor"),
        "action": _C.action == bindparam("action"),
        "object": _C.objects.contains(cast(array([bindparam("object", type_=Text)]), ARRAY(Text))),
        "since": _C.recorded_at >= bindparam("since"),
        "until": _C.recorded_at < bindparam("until"),
    },
    sorts={"id": (_C.seq,)},
)  # fmt: skip

router = Router(tags=["audit"])


class AuditQuery(PageQuery):
    """Filters of the list."""

    actor: Annotated[str | None, Field(max_length=200, description="pseudonym of who read")] = None
    action: Annotated[str | None, Field(max_length=100, examples=["licensing.application.read"])] = None
    object: Annotated[str | None, Field(max_length=100, description="id of what was read")] = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    sort: Literal["id", "-id"] = "-id"


class AuditEntry(Resource):
    """One read of what is not public. `position`: its place in the hash chain, null for a moment."""

    id: int
    recorded_at: AwareDatetime
    actor: str
    roles: list[str]
    body: str | None
    action: str = Field(description="the right under which it was read")
    request: str
    objects: list[str]
    purpose: str | None = Field(description="as the caller stated it in `Aksu-Purpose`")
    correlation_id: str | None
    position: int | None


@router.get(
    "/audit",
    response_model=PageOf[AuditEntry],
    responses=problems(Malformed),
    dependencies=[requires("platform.audit.read")],
)
async def list_reads(query: Annotated[AuditQuery, Query()], request: Request, principal: PrincipalDep) -> Response:
    """Reads of what is not public, the latest first; reading this list is one of them."""
    reads: Reads = request.app.state.api.reads
    return await page_response(reads, ENTRIES, query, principal.holding(AUDIT))


async def reads_of(reads: Reads, key: str, query: PageQuery, principal: Principal, **filters: Any) -> Response:  # noqa: ANN401 - of ENTRIES
    """Who read one object: for its subject, who may know. `principal` is given to see that object's entries alone."""
    body = await reads.page(
        ENTRIES,
        scope=",".join(principal.holding(f"o:{key}").scope_keys),
        sort="-id",
        limit=query.limit,
        cursor=query.cursor,
        object=key,
        **filters,
    )
    return Response(body, media_type="application/json")
