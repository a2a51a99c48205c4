"""Answers of hot reads: pages and single resources, in the bytes PostgreSQL built; ETag, and `Aksu-After`."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final, Generic, Literal, TypeAlias, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Request
from pydantic import Field
from starlette.responses import Response

from aksu_shared.auth.principal import Principal
from aksu_shared.db.notify import APPLIED
from aksu_shared.db.reads import Page, Reads
from aksu_shared.db.statement import Statement
from aksu_shared.kernel.errors import FieldError, Malformed, NotFound, Unavailable
from aksu_shared.kernel.schemas.base import Filters, Resource
from aksu_shared.web.middleware import waiting

R = TypeVar("R")

Actions: TypeAlias = Callable[[dict[str, Any]], list[str]]
"""Tells from a resource what the caller may do with it now."""

MAX_PAGE = 200
NO_STORE: Final = {"Cache-Control": "no-store"}
"""Headers of an answer that holds personal data."""
WAIT_SECONDS = 2.0
_LOOK_AGAIN = 0.25
"""Seconds after which a waiting read looks again unasked, in case a notification was lost."""


class PageQuery(Filters):
    """Query parameters of every list."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="items on a page")] = 50
    cursor: Annotated[str | None, Field(max_length=1000, description="`next` of the page before")] = None


class ActionPageQuery(PageQuery):
    """Query parameters of a list whose items can say what the caller may do with them."""

    include: Annotated[
        Literal["actions"] | None, Field(description="add to each item the `actions` that this caller may take now")
    ] = None


class PageOf(Resource, Generic[R]):
    """One page of a list; `next` is null on the last one. `fresh_at`: the instant up to which the rows are known."""

    items: list[R]
    next: str | None
    fresh_at: str | None


async def page_response(
    reads: Reads,
    page: Page,
    query: PageQuery,
    principal: Principal,
    *,
    fresh_at: str = "now()",
    actions: Actions | None = None,
    **values: Any,  # noqa: ANN401 - of filters that are no parameters
) -> Response:
    """The page of `page` that `query` asks for, as the caller may see it; with `actions` in its items if it asks so."""
    given = query.model_dump(exclude={"limit", "cursor", "sort", "include"}, exclude_none=True)
    body = await reads.page(
        page,
        scope=",".join(principal.scope_keys),
        sort=getattr(query, "sort", next(iter(page.sorts))),
        limit=query.limit,
        cursor=query.cursor,
        fresh_at=fresh_at,
        **given,
        **values,
    )
    if actions is not None and getattr(query, "include", None) == "actions":
        found = json.loads(body)
        found["items"] = [item | {"actions": actions(item)} for item in found["items"]]
        body = _json(found)
    return Response(body, media_type="application/json")


async def opened_page_response(
    reads: Reads,
    page: Page,
    query: PageQuery,
    principal: Principal,
    *,
    shown: Callable[[dict[str, Any]], dict[str, Any]],
    **values: Any,  # noqa: ANN401 - of filters that are no parameters
) -> Response:
    """A page of items with personal data, each as `shown` opens it for the caller; nobody stores the answer."""
    sealed = await page_response(reads, page, query, principal, **values)
    found = json.loads(bytes(sealed.body))
    found["items"] = [shown(item) for item in found["items"]]
    return Response(_json(found), media_type="application/json", headers=NO_STORE)


async def one_response(
    reads: Reads,
    query: Statement,
    request: Request,
    principal: Principal,
    *,
    actions: Actions | None = None,
    **values: Any,  # noqa: ANN401 - the statement's parameters
) -> Response:
    """One resource with its ETag, or 304. Raises NotFound."""
    found = await reads.one(query, scope=",".join(principal.scope_keys), **values)
    if found is None:
        raise NotFound
    version, body = found
    etag = f'"{version}"'
    if request.headers.get("if-none-match") == etag and actions is None:
        return Response(status_code=304, headers={"ETag": etag})
    if actions is not None:
        resource = json.loads(body)
        resource["actions"] = actions(resource)
        body = _json(resource)
    return Response(body, media_type="application/json", headers={"ETag": etag, "Vary": "Authorization"})


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Awaited:
    """A change another read must not miss: `source` and the number of its change-log row."""

    source: str
    seq: int


def after_header(value: Annotated[str | None, Header(alias="Aksu-After", max_length=60)] = None) -> Awaited | None:
    """Read `Aksu-After: <source>:<seq>`, the `Aksu-Position` of a write. Raises Malformed."""
    if value is None:
        return None
    source, _, seq = value.partition(":")
    if not (source.isalpha() and seq.isascii() and seq.isdigit() and len(seq) < 19):  # noqa: PLR2004 - digits of a bigint
        raise Malformed(
            errors=[
                FieldError(
                    pointer="!Aksu-After",
                    code="bad_header",
                    bg="Aksu-After е <услуга>:<номер>, както е в Aksu-Position.",
                    en="Aksu-After is <service>:<number>, as in Aksu-Position.",
                )
            ]
        )
    return Awaited(source, int(seq))


async def _awaited(value: Annotated[str | None, Header(alias="Aksu-After", max_length=60)] = None) -> Awaited | None:
    """A coroutine, so that a read is spared FastAPI's thread pool."""
    return after_header(value)


AfterDep = Annotated[Awaited | None, Depends(_awaited)]

_APPLIED = """
SELECT EXISTS (SELECT FROM inbox WHERE source = $1 AND seq = $2)
    OR EXISTS (SELECT FROM source_state WHERE source = $1 AND seq_floor >= $2)"""


async def wait_for(request: Request, awaited: Awaited | None, *, own: str) -> None:
    """Return once this service has applied the awaited change; its own changes it has at once.

    Raises Unavailable after two seconds. While it waits, the request takes no slot.
    """
    if awaited is None or awaited.source == own:
        return
    pool, news = request.app.state.api.pool, request.app.state.api.news
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    while True:
        seen = news.count(APPLIED)
        if await pool.fetchval(_APPLIED, awaited.source, awaited.seq):
            return
        left = deadline - loop.time()
        if left <= 0:
            raise Unavailable(awaited=f"{awaited.source}:{awaited.seq}")
        await waiting(request, partial(news.news, APPLIED, seen, timeout=min(left, _LOOK_AGAIN)))


def uuid_path(value: str) -> UUID:
    """A path's id; one that is no UUID names nothing. Raises NotFound."""
    try:
        return UUID(value)
    except ValueError:
        raise NotFound from None
