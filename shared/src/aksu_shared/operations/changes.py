"""The change feed, `GET /v1/changes`: the service's change log as CloudEvents, in the order of its positions.

It shows to a role what that role's lists show: aggregates that the caller may read (`Event.read`), within its scope.
"""

import asyncio
import json
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import NATION, Principal
from aksu_shared.db.access import ACCESS
from aksu_shared.db.notify import SEQUENCED, Listener
from aksu_shared.db.reads import Reads
from aksu_shared.events.catalogue import READ_UNDER
from aksu_shared.kernel.errors import Malformed, Problem
from aksu_shared.kernel.schemas.base import Filters, Resource
from aksu_shared.serving.problems import problems
from aksu_shared.web.middleware import waiting
from aksu_shared.web.routing import Router, deadline

_LOOK_AGAIN: Final = 1.0
"""Seconds after which a waiting reader looks again unasked, in case a notification was lost."""


class EpochChanged(Problem):
    """The log was restored from a backup; positions of the former epoch mean nothing any more."""

    status = 410
    code = "epoch_changed"
    bg = "Журналът е възстановен от архив; започнете отначало (after=0). Нова епоха: {epoch}."
    en = "The log was restored from a backup; start over (after=0). New epoch: {epoch}."


class ChangesQuery(Filters):
    """Which changes: those behind `after`, of some types or one subject, waiting up to `wait` seconds for the first."""

    after: Annotated[str, Field(max_length=80, pattern=r"^(0|[0-9a-f-]{36}:[0-9]{1,18})$")] = "0"
    wait: Annotated[float, Field(ge=0, le=30, description="seconds")] = 0
    types: Annotated[
        str | None, Field(max_length=4000, pattern=r"^[a-z0-9_.,]+$", description="event types, comma-separated")
    ] = None
    subject: Annotated[str | None, Field(max_length=100, description="id of one aggregate")] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class ChangePage(Resource):
    """CloudEvents 1.0 in their JSON form; a change that left the caller's scope is a tombstone without data.

    Of aggregates that the caller has no right to read nothing is told. Who acted, and in which request (`actor`,
    `correlationid`, `traceparent`), is told to who may read the audit, and to the platform's own services.
    """

    items: list[dict[str, Any]]
    next: str = Field(description="`after` of the next request")
    first: int = Field(description="position of the oldest change still there that the caller may see; 0: none")
    head: int = Field(description="position of the newest change there is, whoever may see it")
    fresh_at: str = Field(description="until when the changes told are complete")


_PAUSE: Final = 0.05
"""Seconds between looks after one in vain: a busy log is mostly news for others."""
_AGENCY: Final = "AKSU"
_NOTHING: Final = b'{"items" : []'
# What has no position yet is not told of, so the answer is as fresh as the oldest change that still waits for one.
# Entries are put together as text: what is JSON already is not taken apart again, which was half of the cost.
_FEED: Final = """
SELECT '{"items" : [' || coalesce(string_agg(event, ',' ORDER BY position), '') || '], "next" : "'
    || (SELECT epoch FROM log_state) || ':'
    || coalesce(max(position) FILTER (WHERE n >= $5), (SELECT position FROM log_state))
    || '", "first" : ' || coalesce((
      SELECT min(position) FROM change_log WHERE $6::text[] IS NULL OR topic = ANY ($6)), 0)
    || ', "head" : ' || (SELECT position FROM log_state) || ', "fresh_at" : ' || to_json(coalesce(
      max(recorded_at) FILTER (WHERE n >= $5), (
        SELECT min(recorded_at) FROM change_log c WHERE position IS NULL
           AND ($6::text[] IS NULL OR topic = ANY ($6)) AND NOT EXISTS (
          SELECT FROM held_change h WHERE h.seq = c.seq AND h.set_aside_at IS NOT NULL)), now()))
    || '}'
FROM (
  SELECT position, recorded_at, row_number() OVER (ORDER BY position) AS n,
         left(json_strip_nulls(json_build_object(
           'specversion', '1.0', 'id', event_id, 'source', '/aksu/' || split_part(topic, '.', 2), 'type', type,
           'subject', aggregate_id, 'time', legal_time, 'datacontenttype', 'application/json',
           'recordedtime', recorded_at, 'position', position::text, 'seq', seq::text,
           'epoch', (SELECT epoch FROM log_state), 'actor', CASE WHEN $7::boolean THEN actor END,
           'correlationid', CASE WHEN $7 THEN correlation_id END,
           'traceparent', CASE WHEN $7 THEN traceparent END))::text, -1)
         || CASE WHEN scope && (SELECT app_scope())
              THEN ',"data":{"version":' || version || ',"state":' || state || ',"changed":' || changed
                   || ',"scope":' || array_to_json(scope) || '}}'
              ELSE ',"data":null,"tombstone":true}' END AS event
    FROM change_log
   WHERE s.v IS NOT NULL AND position > $2 AND ($3::text[] IS NULL OR type = ANY ($3))
     AND ($4::text IS NULL OR aggregate_id = $4) AND ($6::text[] IS NULL OR topic = ANY ($6))
   ORDER BY position LIMIT $5) AS feed"""


def changes_router(service: str) -> APIRouter:
    """The feed's route for `service`; its right is `<service>.change.read`."""
    router = Router(tags=["changes"])

    @router.get(
        "/changes",
        response_model=ChangePage,
        responses=problems(Malformed, EpochChanged),
        dependencies=[requires(f"{service}.change.read")],
    )
    @deadline(40)
    async def changes(query: Annotated[ChangesQuery, Query()], request: Request, principal: PrincipalDep) -> Response:
        """Changes behind a position, each with the fields that changed and the state after; long-poll with `wait`."""
        api = request.app.state.api
        position = await _position(api.reads, query.after)
        types = query.types.split(",") if query.types else None
        scope = ",".join(follower(principal, api.rights).scope_keys)
        topics, audits = topics_of(principal, api.rights), _audits(principal, api.rights)
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + query.wait, 0.0
        while True:
            seen = api.news.count(SEQUENCED)
            asked = (position, types, query.subject, query.limit, topics, audits)
            body = await api.reads.raw(_FEED, scope, *asked, shape="feed")
            left = deadline - loop.time()
            if not body.startswith(_NOTHING) or left <= 0:
                return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})
            await waiting(request, partial(_news, api.news, seen, left=left, pause=pause))
            position = await _position(api.reads, json.loads(body)["next"])
            pause = _PAUSE

    return router


async def _news(listener: Listener, seen: int, *, left: float, pause: float) -> None:
    """Return when there is something to look at, perhaps."""
    await asyncio.sleep(min(left, pause))
    await listener.news(SEQUENCED, seen, timeout=min(left, _LOOK_AGAIN))


def follower(principal: Principal, rights: Rights) -> Principal:
    """The caller; one of the platform's own services, which copies what others own, with the keys to all of it."""
    return principal.holding(ACCESS, NATION, f"b:{_AGENCY}") if _follows(principal, rights) else principal


def topics_of(principal: Principal, rights: Rights) -> list[str] | None:
    """The topics of aggregates that the caller may read; None: all, for the platform's own services."""
    if _follows(principal, rights):
        return None
    return [topic for topic, right in READ_UNDER.items() if rights.granted(principal, right)]


def _follows(principal: Principal, rights: Rights) -> bool:
    return rights.allows(principal, "platform.change.follow", owner=_AGENCY)


def _audits(principal: Principal, rights: Rights) -> bool:
    """Whether the caller is told who acted: a pseudonym is the same in all services and ties their feeds together."""
    return _follows(principal, rights) or rights.allows(principal, "platform.audit.read")


async def _position(reads: Reads, after: str) -> int:
    if after == "0":
        return 0
    epoch, _, position = after.partition(":")
    current = await reads.pool.fetchval("SELECT epoch FROM log_state")
    if epoch != current:
        raise EpochChanged(epoch=current)
    return int(position)
