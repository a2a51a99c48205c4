"""`GET /v1/reconcile`: the copies a service keeps against their owners, by number, content and version.

The only request that asks other services: to ask them is what it is for. It tells ids and hashes, no content, and so
compares all rows, also those the operator who asks does not see.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.db.digest import bucket_sql, comparable, digest_sql
from aksu_shared.db.reads import Reads
from aksu_shared.events.base import Event
from aksu_shared.kernel.schemas.base import Resource
from aksu_shared.serving.problems import problems
from aksu_shared.web.routing import Router, deadline
from aksu_shared.worker.copies import Copies, Copy
from aksu_shared.worker.failure import FeedUnavailable
from aksu_shared.worker.feed import FeedRestarted, Feeds, open_feeds

NAMED: Final = 100
"""Differing ids named for each copy."""
_ALL: Final = "public,BG,b:AKSU"
_VISIBLE: Final = "s.v IS NOT NULL"
_STATE: Final = """
SELECT coalesce((
  SELECT json_build_object('epoch', epoch, 'position', position) FROM source_state
   WHERE s.v IS NOT NULL AND source = $2), '{}'::json)"""


class Side(Resource):
    """What one side holds. `position`: of the newest change it knows of its epoch."""

    count: int
    last_version: int
    hash: str
    epoch: str | None
    position: int | None


class Differing(Resource):
    """An id whose rows differ; the version is null where there is no row."""

    id: str
    here: int | None
    at_owner: int | None


class Reconciled(Resource):
    """One copy against its owner; `problem` says why it could not be compared."""

    source: str
    aggregate: str
    equal: bool | None
    here: Side
    at_owner: Side | None
    differing: list[Differing]
    more: bool = Field(description="whether more differ than are named")
    problem: str | None


class Reconciliation(Resource):
    """All copies."""

    equal: bool
    items: list[Reconciled]


router = Router(tags=["freshness"])


@router.get(
    "/reconcile",
    response_model=Reconciliation,
    responses=problems(),
    dependencies=[requires("platform.reconcile.read")],
)
@deadline(120)
async def reconcile(request: Request, principal: PrincipalDep) -> Response:
    """Each copy beside its owner: count, last version, content hash, and the ids that differ."""
    reads: Reads = request.app.state.api.reads
    await reads.admit(",".join(principal.scope_keys))
    async with open_feeds(request.app.state.config) as feeds:
        found = await compare(reads, feeds, request.app.state.copies)
    return Response(found.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})


async def compare(reads: Reads, feeds: Feeds, copies: Copies) -> Reconciliation:
    """Compare every copy that holds whole aggregates with its owner."""
    whole = [(fact, copy) for fact, copy in copies.items() if not copy.applied_only]
    items = [await _compare(reads, feeds, fact, copy) for fact, copy in whole]
    return Reconciliation(equal=all(item.equal for item in items), items=items)


async def _compare(reads: Reads, feeds: Feeds, fact: type[Event[Any]], copy: Copy) -> Reconciled:
    fields = comparable(fact, copy.table.columns.keys())
    here = await _json(reads, digest_sql(copy.name, fields, _VISIBLE))
    state = await _json(reads, _STATE, fact.owner)
    mine = _side(here, epoch=state.get("epoch"), position=state.get("position"))
    path, query = f"/v1/digest/{fact.aggregate}", {"fields": ",".join(fields)}
    known: dict[str, Any] = {"source": fact.owner, "aggregate": fact.aggregate, "here": mine}
    try:
        theirs = await feeds.get(fact.owner, path, query)
        differing: list[Differing] = []
        for bucket in _other_buckets(here["buckets"], theirs["buckets"]):
            rows = await _json(reads, bucket_sql(copy.name, fields, _VISIBLE, bucket="$2"), bucket)
            owners = await feeds.get(fact.owner, path, query | {"bucket": bucket})
            differing += _differing(rows, owners["rows"])
            if len(differing) > NAMED:
                break
    except (FeedUnavailable, FeedRestarted) as failure:
        return Reconciled(**known, equal=None, at_owner=None, differing=[], more=False, problem=str(failure))
    return Reconciled(
        **known,
        equal=here["hash"] == theirs["hash"],
        at_owner=_side(theirs, epoch=theirs["epoch"], position=theirs["position"]),
        differing=differing[:NAMED],
        more=len(differing) > NAMED,
        problem=None,
    )


async def _json(reads: Reads, sql: str, *args: str) -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(await reads.raw(sql, _ALL, *args))


def _side(told: Mapping[str, Any], *, epoch: str | None, position: int | None) -> Side:
    return Side(
        count=told["count"], last_version=told["last_version"], hash=told["hash"], epoch=epoch, position=position
    )


def _other_buckets(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    return sorted(bucket for bucket in {*here, *there} if here.get(bucket) != there.get(bucket))


def _differing(here: list[list[Any]], there: list[list[Any]]) -> list[Differing]:
    ours = {key: (version, digest) for key, version, digest in here}
    theirs = {key: (version, digest) for key, version, digest in there}
    ids = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
    return [Differing(id=key, here=_version(ours, key), at_owner=_version(theirs, key)) for key in ids]


def _version(rows: Mapping[str, tuple[int, str]], key: str) -> int | None:
    return rows[key][0] if key in rows else None
