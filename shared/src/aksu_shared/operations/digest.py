"""`GET /v1/digest/{aggregate}`: what a service holds of one aggregate type in one hash, for whoever copies it."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from fastapi import Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.db.aggregate import Aggregate
from aksu_shared.db.digest import bucket_sql, comparable, digest_sql
from aksu_shared.events.registry.access import AccessEvent
from aksu_shared.kernel.errors import FieldError, Forbidden, Malformed, NotFound
from aksu_shared.kernel.schemas.base import Filters, Resource
from aksu_shared.operations.changes import follower, topics_of
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import Api
from aksu_shared.web.routing import Router, deadline

_VISIBLE: Final = "s.v IS NOT NULL"


class DigestQuery(Filters):
    """Over which fields, and whether row by row for one bucket."""

    fields: Annotated[str, Field(max_length=2000, description="fields of the aggregate, comma-separated")]
    bucket: Annotated[str | None, Field(pattern="^[0-9a-f]{2}$", description="first digits of the ids' MD5")] = None


class Digest(Resource):
    """Rows the caller sees. With `bucket`, `rows` are `[id, version, digest]`; without, `buckets` their hashes."""

    aggregate: str
    epoch: str
    position: int = Field(description="of the newest change of the service")
    count: int
    last_version: int
    hash: str
    buckets: dict[str, str]
    rows: list[tuple[str, int, str]] | None


router = Router(tags=["changes"])


@router.get(
    "/digest/{aggregate}",
    response_model=Digest,
    responses=problems(Malformed, NotFound, Forbidden),
    dependencies=[requires("platform.digest.read")],
)
@deadline(60)
async def get_digest(
    aggregate: Annotated[str, Path(max_length=60)],
    query: Annotated[DigestQuery, Query()],
    request: Request,
    principal: PrincipalDep,
) -> Response:
    """Number, last version and content hash of the aggregates of one type, as far as the caller sees them.

    Only of what the caller may read: the hash of one field with few values tells that field.
    """
    api: Api = request.app.state.api
    asked = compared(request.app.state.aggregates).get(aggregate)
    if asked is None:
        raise NotFound
    told = topics_of(principal, api.rights)
    if told is not None and asked.fact.topic not in told:
        raise api.rights.refusal(principal, asked.fact.read)
    scope = ",".join(follower(principal, api.rights).scope_keys)
    sql, args = _sql(asked, _fields(asked, query.fields), query.bucket)
    body = await api.reads.raw(sql, scope, asked.name, *args)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def compared(aggregates: Iterable[Aggregate]) -> Mapping[str, Aggregate]:
    """The owned aggregates that copies are compared with, by name: not revoked access, which all services keep."""
    return {each.name: each for each in aggregates if each.fact is not AccessEvent}


def _sql(asked: Aggregate, fields: list[str], bucket: str | None) -> tuple[str, list[str]]:
    head = "'aggregate', $2::text, 'epoch', (SELECT epoch FROM log_state), 'position', (SELECT position FROM log_state)"
    if bucket is None:
        inner = digest_sql(asked.table.name, fields, _VISIBLE)
        return f"SELECT jsonb_build_object({head}, 'rows', NULL) || ({inner})::jsonb", []
    rows = bucket_sql(asked.table.name, fields, _VISIBLE, bucket="$3")
    nothing = "'count', 0, 'last_version', 0, 'hash', '', 'buckets', '{}'::json"
    return f"SELECT json_build_object({head}, {nothing}, 'rows', ({rows}))", [bucket]


def _fields(asked: Aggregate, given: str) -> list[str]:
    """The fields asked for. Raises Malformed for one the aggregate does not have."""
    fields = [name for name in given.split(",") if name]
    unknown = sorted(set(fields) - set(asked.fact.schema.model_fields))
    if unknown:
        raise Malformed(
            errors=[
                FieldError(
                    pointer="?fields",
                    code="unknown_field",
                    bg=f"Няма такива полета: {', '.join(unknown)[:200]}.",
                    en=f"There are no such fields: {', '.join(unknown)[:200]}.",
                )
            ]
        )
    return comparable(asked.fact, fields)
