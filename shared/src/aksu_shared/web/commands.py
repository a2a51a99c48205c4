"""The edge of a state-changing request: one transaction, the idempotency key, the answer, then the commit.

    @router.post("/services", status_code=201)
    async def register(body: NewService, command: CommandDep) -> Response:
        kept = await command.factory.services().register(body, by=command.principal)
        return command.reply(201, ServiceRead.of(kept), version=kept.version)

The dependency commits after the handler returned and before a byte of the answer leaves.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import asyncpg
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from aksu_shared.auth.principal import Principal
from aksu_shared.clock import Clock
from aksu_shared.db.notify import Notifier
from aksu_shared.db.work import IDEMPOTENCY_KEY, Actor, StoredReply, UnitOfWork
from aksu_shared.errors import (
    ConcurrentWrite,
    FieldError,
    Forbidden,
    Malformed,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    RuleBroken,
)
from aksu_shared.failpoint import failpoint
from aksu_shared.logging import correlation_id, traceparent
from aksu_shared.web.problems import render_problem

F = TypeVar("F")

KEY_HEADER = "Idempotency-Key"
MAX_KEY = 200
MAX_VERSION_DIGITS = 9

_SETTINGS = "set_config('app.scope', $1, true), set_config('plan_cache_mode', 'force_generic_plan', true)"
"""A command's statements look things up by key: planned once per connection, not anew whenever an array is passed."""
BEGIN_SQL = f"SELECT {_SETTINGS}"
OPEN_SQL = f"""
SELECT {_SETTINGS}, pg_try_advisory_xact_lock(hashtextextended($2 || chr(31) || $3, 0)) AS locked,
       r.* FROM (VALUES (1)) AS one LEFT JOIN LATERAL (
         SELECT fingerprint, scope, status, headers, body FROM idempotency WHERE client = $2 AND key = $3) r ON true"""


class RequestInProgress(Problem):
    """The first request with this key is still running."""

    status = 409
    code = "request_in_progress"
    bg = "Заявка със същия Idempotency-Key още се изпълнява."
    en = "A request with the same Idempotency-Key is still running."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class KeyReused(Problem):
    """The key came before with another request."""

    status = 422
    code = "idempotency_key_reused"
    bg = "Този Idempotency-Key вече е използван с друго съдържание."
    en = "This Idempotency-Key was already used with another request."


class Replay(Exception):
    """Ends a repeated request with the first answer. Not a failure; the exception handler sends `response`."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(kw_only=True)
class Command(Generic[F]):
    """One state-changing request: who, the service's factory on this transaction, and the answer to store with it."""

    principal: Principal
    work: UnitOfWork
    factory: F
    request: Request
    response: Response | None = field(default=None)

    def reply(
        self, status: int, body: BaseModel, *, version: int | None = None, location: str | None = None
    ) -> Response:
        """The answer, in the bytes that are stored under the idempotency key."""
        headers = {"ETag": f'"{version}"'} if version is not None else {}
        if location:
            headers["Location"] = location
        self.response = Response(body.model_dump_json(), status, headers, media_type="application/json")
        return self.response

    @property
    def known_version(self) -> int | None:
        """The version named by `If-Match`: required on PUT and PATCH, honoured on actions.

        Raises PreconditionRequired, or PreconditionFailed for a value that is no version of ours.
        """
        given = self.request.headers.get("if-match")
        if given is None:
            if self.request.method in {"PUT", "PATCH"}:
                raise PreconditionRequired(header="If-Match")
            return None
        version = given.strip().removeprefix("W/").strip('"')
        if not (version.isascii() and version.isdigit() and len(version) <= MAX_VERSION_DIGITS):
            raise PreconditionFailed(version="?")
        return int(version)


@dataclass(frozen=True, kw_only=True)
class CommandEdge(Generic[F]):
    """Opens commands of one service; built once, in its composition root."""

    source: str
    pool: "asyncpg.Pool[Any]"
    clock: Clock
    notifier: Notifier
    factory: Callable[[UnitOfWork], F]

    @asynccontextmanager
    async def open(self, request: Request, principal: Principal) -> AsyncIterator[Command[F]]:
        """Run the request's command; commit with its stored answer, or roll back and store a rule's refusal."""
        key = _key(request) if request.method == "POST" else None
        fingerprint = await _fingerprint(request) if key else b""
        async with self.pool.acquire(timeout=1) as connection:
            command = self._command(connection, principal, request)
            transaction = connection.transaction()
            await transaction.start()
            try:
                await self._begin(connection, principal, key, fingerprint)
                yield command
                failpoint("after_insert")
                await self._finish(command, key, fingerprint)
            except RuleBroken as refusal:
                await transaction.rollback()
                if key:
                    await self._store_refusal(connection, command, refusal, key, fingerprint)
                raise
            except asyncpg.UniqueViolationError as error:
                await transaction.rollback()
                if error.constraint_name == IDEMPOTENCY_KEY:  # a parallel call with the key committed just now
                    raise RequestInProgress from None
                raise
            except BaseException:
                await transaction.rollback()
                raise
            failpoint("before_commit")
            await _commit(transaction)
        failpoint("after_commit_before_ack")
        self.notifier.poke()

    @asynccontextmanager
    async def work(self, principal: Principal, *, commit: bool = True) -> AsyncIterator[UnitOfWork]:
        """A unit of work without a request's answer (import, tools); `commit=False` rolls it back: a dry run."""
        async with self.pool.acquire(timeout=5) as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                work = self._work(connection, principal)
                await self._begin(connection, principal, None, b"")
                yield work
                await work.flush()
            except BaseException:
                await transaction.rollback()
                raise
            await (_commit(transaction) if commit else transaction.rollback())
        self.notifier.poke()

    def _command(self, connection: Any, principal: Principal, request: Request) -> Command[F]:  # noqa: ANN401 - asyncpg's proxy
        work = self._work(connection, principal)
        return Command(principal=principal, work=work, factory=self.factory(work), request=request)

    def _work(self, connection: Any, principal: Principal) -> UnitOfWork:  # noqa: ANN401
        return UnitOfWork(
            connection=connection,
            actor=Actor(subject=principal.subject, body=principal.body, scope=principal.scope_keys),
            clock=self.clock,
            source=self.source,
            correlation_id=correlation_id(),
            traceparent=traceparent(),
        )

    async def _begin(self, connection: Any, principal: Principal, key: str | None, fingerprint: bytes) -> None:  # noqa: ANN401
        scope = ",".join(principal.scope_keys)
        if key is None:
            await connection.execute(BEGIN_SQL, scope)
            return
        row = await connection.fetchrow(OPEN_SQL, scope, principal.subject, key)
        if row["status"] is not None:
            raise _replay(row, fingerprint, scope)
        if not row["locked"]:
            raise RequestInProgress

    async def _finish(self, command: Command[F], key: str | None, fingerprint: bytes) -> None:
        reply = _stored(command.principal, key, fingerprint, command.response) if key and command.response else None
        seq = await command.work.flush(reply)
        if seq and command.response:
            command.response.headers["Aksu-Position"] = f"{self.source}:{seq}"

    async def _store_refusal(
        self,
        connection: Any,  # noqa: ANN401 - asyncpg's proxy
        command: Command[F],
        refusal: RuleBroken,
        key: str,
        fingerprint: bytes,
    ) -> None:
        """Keep a rule's refusal under the key. Should a parallel call have been answered meanwhile, its answer wins."""
        status, body, headers = render_problem(refusal, command.request)
        response = Response(body, status, headers, media_type="application/problem+json")
        async with connection.transaction():
            await self._begin(connection, command.principal, key, fingerprint)
            work = self._command(connection, command.principal, command.request).work
            await work.flush(_stored(command.principal, key, fingerprint, response))


async def _commit(transaction: Any) -> None:  # noqa: ANN401 - asyncpg's transaction
    """Commit to the end even when the request is cancelled: half a commit would be an outcome nobody knows."""
    task = asyncio.ensure_future(transaction.commit())
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=5)
        raise


def _key(request: Request) -> str:
    key = request.headers.get(KEY_HEADER)
    if not key:
        raise PreconditionRequired(header=KEY_HEADER)
    if len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise Malformed(
            errors=[
                FieldError(
                    pointer=f"!{KEY_HEADER}",
                    code="bad_header",
                    bg=f"{KEY_HEADER} е до {MAX_KEY} печатни ASCII знака.",
                    en=f"{KEY_HEADER} is at most {MAX_KEY} printable ASCII characters.",
                )
            ]
        )
    return key


async def _fingerprint(request: Request) -> bytes:
    scope = request.scope
    digest = hashlib.sha256(f"{scope['method']} {scope['path']}?".encode() + scope["query_string"] + b"\n")
    digest.update(await request.body())
    return digest.digest()


def _replay(row: Any, fingerprint: bytes, scope: str) -> Exception:  # noqa: ANN401 - a record
    if row["fingerprint"] != fingerprint:
        return KeyReused()
    if row["scope"] != scope:
        return Forbidden(right="replay")
    return Replay(Response(row["body"], row["status"], row["headers"]))


def _stored(principal: Principal, key: str, fingerprint: bytes, response: Response) -> StoredReply:
    return StoredReply(
        client=principal.subject,
        key=key,
        fingerprint=fingerprint,
        scope=",".join(principal.scope_keys),
        status=response.status_code,
        headers={k: v for k, v in response.headers.items() if k != "content-length"},
        body=bytes(response.body),
    )


COMMAND_PROBLEMS = (Malformed, ConcurrentWrite, KeyReused, RequestInProgress, PreconditionRequired)
"""What every POST command may answer besides its own refusals."""

UPDATE_PROBLEMS = (Malformed, ConcurrentWrite, NotFound, PreconditionRequired, PreconditionFailed)
"""What every PATCH or PUT may answer besides its own refusals."""
