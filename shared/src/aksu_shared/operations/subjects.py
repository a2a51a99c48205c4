"""The rights of people whose data a service holds: found, told what is held, erased, restricted (Art. 15, 17, 18).

The same in every service that holds restricted personal data; who may is in `permissions.toml`. Each act is recorded
in the log of restricted reads. No answer here is kept under an idempotency key with personal data in it.
"""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Self
from uuid import UUID

from fastapi import Depends, Request
from pydantic import AwareDatetime, Field, model_validator
from starlette.responses import Response

from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.kernel.errors import Malformed, NotFound
from aksu_shared.kernel.schemas.base import BadValue, Body, Resource
from aksu_shared.kernel.schemas.codes import NAMES_NOBODY, Code, PersonalNumber
from aksu_shared.privacy.expiry import ERASE
from aksu_shared.privacy.holdings import Holdings
from aksu_shared.privacy.people import LEGAL, Known, opened
from aksu_shared.privacy.retention import DataClass
from aksu_shared.privacy.store import (
    AlreadyErased,
    NeededByCase,
    NotRestricted,
    Restricted,
    SubjectStore,
    index_key,
    token,
)
from aksu_shared.serving.problems import problems
from aksu_shared.web.commands import COMMAND_PROBLEMS, Command
from aksu_shared.web.routing import Router

READ: Final = "platform.subject.read"
RESTRICT: Final = "platform.subject.restrict"
_PATH: Final = "/subjects/{subject_id}"
_NO_STORE: Final = {"Cache-Control": "no-store"}

_COLUMNS: Final = """k.id, k.kind, k.row_id, k.created_at, k.counts_from, k.restricted_at, k.restriction_ground,
    k.destroyed_at AS erased_at, k.destruction_ground AS erasure_ground"""
_FOUND: Final = f"""
SELECT json_build_object('items', coalesce(json_agg(q ORDER BY q.created_at, q.id), '[]'))
  FROM (SELECT {_COLUMNS} FROM subject_key AS k WHERE s.v IS NOT NULL AND k.lookup && $2::bytea[]) AS q"""
_INDEX_KEY: Final = "SELECT kek, wrapped FROM subject_index"
_ONE: Final = f"SELECT {_COLUMNS} FROM subject_key AS k WHERE id = $1"

Reference = Annotated[
    str,
    Field(max_length=60, pattern=r"^[0-9A-Za-zА-Яа-я][0-9A-Za-zА-Яа-я ./-]{0,59}$", examples=["ЗЛД-12/2026"]),
    NAMES_NOBODY,
]
"""Number of the case in which the person asked. No names: it is kept in clear."""


class SubjectSearch(Body):
    """One or more identifiers of a person; they are compared by a keyed digest and kept nowhere."""

    egn: PersonalNumber | None = None
    phone: Annotated[str | None, Field(max_length=30)] = None
    email: Annotated[str | None, Field(max_length=200)] = None

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise BadValue("nothing_given", bg="Дайте поне един признак.", en="Give at least one identifier.")
        return self


class Erasure(Body):
    """On what ground, and in which case."""

    ground: Annotated[str, Code("erasure_grounds")]
    reference: Reference


class Restriction(Body):
    """On what ground, and in which case."""

    ground: Annotated[str, Code("restriction_grounds")]
    reference: Reference


class Lifting(Body):
    """In which case; the person was told before (Art. 18, para. 3)."""

    reference: Reference


class SubjectRead(Resource):
    """A person in one case. `kind`: class of data; `row_id`: the signal, application … that tells of them."""

    id: UUID
    kind: str
    row_id: UUID
    created_at: AwareDatetime
    counts_from: AwareDatetime | None = Field(description="when the time began after which the data are destroyed")
    restricted_at: AwareDatetime | None
    restriction_ground: str | None
    erased_at: AwareDatetime | None
    erasure_ground: str | None


class SubjectsFound(Resource):
    """People found, a person once for each case."""

    items: list[SubjectRead]


class SubjectExport(SubjectRead):
    """All that is held of a person in one case. `record`: the case itself, without others' data."""

    data: dict[str, Any] = Field(description="text, or {base64} for what is no text; null once erased")
    record: dict[str, Any] | None
    purpose: str
    legal_basis: str
    kept_for: str


async def _command(request: Request, principal: PrincipalDep) -> AsyncIterator[Command]:
    async with request.app.state.api.commands.open(request, principal.holding(LEGAL)) as command:
        yield command


_CommandDep = Annotated[Command, Depends(_command, scope="function")]


def subjects_router(holdings: Holdings) -> Router:
    """The routes of a service."""
    router = Router(tags=["subjects"])
    _add_reads(router, _export_sql(holdings))
    _add_acts(router, holdings)
    return router


def _add_reads(router: Router, export_sql: str) -> None:
    @router.post(
        "/subjects/search",
        response_model=SubjectsFound,
        responses=problems(Malformed),
        dependencies=[requires(READ)],
    )
    async def search_subjects(body: SubjectSearch, request: Request, principal: PrincipalDep) -> Response:
        """Find the cases of a person who asks for their data."""
        api, tokens = request.app.state.api, []
        key = await api.pool.fetchrow(_INDEX_KEY)
        if key is not None:
            index = index_key(api.keys, key)
            tokens = [token(index, name, value) for name, value in body.model_dump(exclude_none=True).items()]
        scope = ",".join(principal.holding(LEGAL).scope_keys)
        found = await api.reads.raw(_FOUND, scope, tokens, shape="page")
        return Response(found, media_type="application/json", headers=_NO_STORE)

    @router.get(
        f"{_PATH}/export",
        response_model=SubjectExport,
        responses=problems(NotFound, Malformed),
        dependencies=[requires(READ)],
    )
    async def export_subject(subject_id: UUID, request: Request, principal: PrincipalDep) -> Response:
        """All that is held of a person in this case (Art. 15)."""
        api = request.app.state.api
        scope = ",".join(principal.holding(LEGAL).scope_keys)
        found = json.loads(await api.reads.raw(export_sql, scope, subject_id, shape="page"))["items"]
        if not found:
            raise NotFound
        (known,) = opened(api.keys, found)
        kind = request.app.state.config.retention[known.kind]
        return Response(
            _export(found[0], known, kind).model_dump_json(), media_type="application/json", headers=_NO_STORE
        )


def _add_acts(router: Router, holdings: Holdings) -> None:
    @router.post(
        f"{_PATH}/erasures",
        status_code=201,
        response_model=SubjectRead,
        responses=problems(*COMMAND_PROBLEMS, NotFound, AlreadyErased, Restricted, NeededByCase),
        dependencies=[requires(ERASE)],
    )
    async def erase_subject(subject_id: UUID, body: Erasure, command: _CommandDep) -> Response:
        """Destroy the key to what is held of a person in this case (Art. 17). What is counted stays.

        While the case has not ended the data are its evidence: they are restricted instead.
        """
        await _store(command, holdings).erase(subject_id, ground=body.ground)
        return await _noted(command, subject_id, ERASE, f"{body.ground} {body.reference}")

    @router.post(
        f"{_PATH}/restrictions",
        status_code=201,
        response_model=SubjectRead,
        responses=problems(*COMMAND_PROBLEMS, NotFound, AlreadyErased, Restricted),
        dependencies=[requires(RESTRICT)],
    )
    async def restrict_subject(subject_id: UUID, body: Restriction, command: _CommandDep) -> Response:
        """Hide what is held of a person from all but who answers for personal data (Art. 18).

        While a case needs it, the officers of that case see it, marked as restricted; when it has ended nobody does.
        """
        await _store(command, holdings).restrict(subject_id, ground=body.ground)
        return await _noted(command, subject_id, RESTRICT, f"{body.ground} {body.reference}")

    @router.post(
        f"{_PATH}/lift-restriction",
        response_model=SubjectRead,
        responses=problems(*COMMAND_PROBLEMS, NotFound, AlreadyErased, NotRestricted),
        dependencies=[requires(RESTRICT)],
    )
    async def lift_restriction(subject_id: UUID, body: Lifting, command: _CommandDep) -> Response:
        """Let the data be processed again."""
        await _store(command).lift(subject_id)
        return await _noted(command, subject_id, RESTRICT, f"LIFTED {body.reference}", status=200)


def _store(command: Command, holdings: Holdings = MappingProxyType({})) -> SubjectStore:
    return SubjectStore(command.work, command.request.app.state.api.keys, holdings)


async def _noted(command: Command, subject: UUID, action: str, purpose: str, *, status: int = 201) -> Response:
    """The audit's row, and the answer: what is known of the subject without personal data."""
    roles = sorted(role.value for role in command.principal.roles)
    path = command.request.url.path
    await _store(command).note(subject, action, roles=roles, request=path, purpose=purpose)
    row = await (await command.work.begin()).fetchrow(_ONE, subject)
    return command.reply(status, SubjectRead.model_validate(dict(row or {})))


def _export_sql(holdings: Holdings) -> str:
    rows = "".join(
        f" WHEN '{kind}' THEN (SELECT to_jsonb(r) - '{{scope,written_at}}'::text[] FROM {each.table} AS r"
        " WHERE r.id = k.row_id)"
        for kind, each in holdings.items()
    )
    return f"""
      SELECT json_build_object('items', coalesce(json_agg(q), '[]')) FROM (
        SELECT {_COLUMNS}, k.created_at AS recorded_at, k.kek,
               encode(k.wrapped, 'base64') AS wrapped, k.restricted_at IS NOT NULL AS restricted,
               k.destroyed_at IS NOT NULL AS erased,
               (SELECT json_object_agg(d.field, encode(d.sealed, 'base64')) FROM personal_data AS d
                 WHERE d.subject = k.id) AS held,
               CASE k.kind{rows} END AS record
          FROM subject_key AS k WHERE s.v IS NOT NULL AND k.id = $2) AS q"""


def _export(row: Mapping[str, Any], known: Known, kind: DataClass) -> SubjectExport:
    given = {name: row[name] for name in SubjectRead.model_fields}
    return SubjectExport.model_validate(
        given
        | {
            "data": {name: readable(value) for name, value in known.fields.items()},
            "record": row["record"],
            "purpose": kind.purpose,
            "legal_basis": kind.legal_basis,
            "kept_for": f"{kind.length} {kind.unit}, from {kind.starts}",
        }
    )


def readable(value: bytes | None) -> str | dict[str, str] | None:
    """A field as JSON: text, or base64 for what is no text."""
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
