"""The edge of a state-changing request: the idempotency key, the changes and the answer written at once, then sent.

    @router.post("/services", status_code=201)
    async def register(body: NewService, command: CommandDep) -> Response:
        kept = await ServiceService(command.context).register(body, by=command.principal)
        return command.answer(201, kept)

The dependency commits after the handler returned and before a byte of the answer leaves.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal
from aksu_shared.auth.pseudonym import Pseudonyms
from aksu_shared.db.notify import Notifier
from aksu_shared.db.store import Kept
from aksu_shared.db.work import Actor, KeyTaken, StoredReply, UnitOfWork
from aksu_shared.kernel.clock import Clock
from aksu_shared.kernel.errors import (
    ConcurrentWrite,
    Malformed,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    RuleBroken,
    TokenRevoked,
)
from aksu_shared.kernel.failpoint import failpoint
from aksu_shared.kernel.logging import correlation_id, traceparent
from aksu_shared.kernel.terms import Terms
from aksu_shared.privacy.keys import KeyRing
from aksu_shared.procedures.context import Context
from aksu_shared.serving.problems import render_problem
from aksu_shared.web.fingerprints import Fingerprints
from aksu_shared.web.idempotency import Key, KeyReused, RequestInProgress, key_of, replayed
from aksu_shared.web.request import repeated_header

MAX_VERSION_DIGITS = 9

_REVOKED = "SELECT EXISTS (SELECT FROM access_revocations($1))"
_ANSWERED = "SELECT fingerprint, scope, status, headers, body FROM idempotency WHERE client = $1 AND key = $2"


@dataclass(kw_only=True)
class Command:
    """One state-changing request: who, what a feature's service is built on, and the answer to store with it."""

    principal: Principal
    context: Context
    request: Request
    response: Response | None = field(default=None)

    @property
    def work(self) -> UnitOfWork:
        """What the request writes."""
        return self.context.work

    def reply(
        self, status: int, body: BaseModel, *, version: int | None = None, location: str | None = None
    ) -> Response:
        """The answer, in the bytes that are stored under the idempotency key."""
        headers = {"ETag": f'"{version}"'} if version is not None else {}
        if location:
            headers["Location"] = location
        self.response = Response(body.model_dump_json(), status, headers, media_type="application/json")
        return self.response

    def answer(
        self, status: int, kept: Kept[Any], *, location: str | None = None, actions: list[str] | None = None
    ) -> Response:
        """An aggregate as the answer, in the shape of a model of `Versioned` and its state."""
        headers = {"ETag": f'"{kept.version}"'}
        if location:
            headers["Location"] = location
        shown = {"version": kept.version, "actions": actions, **vars(kept.state)}
        self.response = Response(to_json(shown), status, headers, media_type="application/json")
        return self.response

    @property
    def known_version(self) -> int | None:
        """The version named by `If-Match`: required on PUT and PATCH, honoured on actions.

        Raises PreconditionRequired, Malformed for two, or PreconditionFailed for a value that is no version of ours.
        """
        given = self.request.headers.get("if-match")
        if len(self.request.headers.getlist("if-match")) > 1:
            raise repeated_header("If-Match")
        if given is None:
            if self.request.method in {"PUT", "PATCH"}:
                raise PreconditionRequired(header="If-Match")
            return None
        version = given.strip().removeprefix("W/").strip('"')
        if not (version.isascii() and version.isdigit() and len(version) <= MAX_VERSION_DIGITS):
            raise PreconditionFailed(version="?")
        return int(version)


@dataclass(frozen=True, kw_only=True)
class CommandEdge:
    """Opens commands of one service; built once, in its composition root."""

    source: str
    pool: "asyncpg.Pool[Any]"
    clock: Clock
    notifier: Notifier
    rights: Rights
    terms: Terms
    keys: KeyRing
    pseudonyms: Pseudonyms
    fingerprints: Fingerprints

    @asynccontextmanager
    async def open(self, request: Request, principal: Principal) -> AsyncIterator[Command]:
        """Run the request's command; store what it did with its answer, or roll back and keep a rule's refusal.

        Whether the key was answered before is asked only when something stands in the way: nearly every key is new,
        and that of an answer is unique.
        """
        key = await key_of(request, self.fingerprints) if request.method == "POST" else None
        async with self.pool.acquire(timeout=1) as connection:
            command = self._command(connection, principal, request)
            try:
                yield command
                failpoint("after_insert")
                await self._conclude(command, key)
            except (Problem, KeyTaken) as obstacle:
                await command.work.rollback()
                await _refuse_revoked(command)
                if key:
                    await self._answer_again(command, key)
                    await self._keep_refusal(command, key, obstacle)
                if isinstance(obstacle, KeyTaken):
                    raise RequestInProgress from None
                raise
            except BaseException:
                await command.work.rollback()
                raise
        failpoint("after_commit_before_ack")
        self.notifier.poke()

    @asynccontextmanager
    async def work(self, principal: Principal, *, commit: bool = True) -> AsyncIterator[UnitOfWork]:
        """A unit of work without a request's answer (import, tools); `commit=False` rolls it back: a dry run."""
        async with self.pool.acquire(timeout=5) as connection:
            work = self._work(connection, principal)
            try:
                await work.begin()
                yield work
                await work.flush()
            except BaseException:
                await work.rollback()
                raise
            await (work.commit() if commit else work.rollback())
        self.notifier.poke()

    def _command(self, connection: Any, principal: Principal, request: Request) -> Command:  # noqa: ANN401 - asyncpg's proxy
        context = self.context(self._work(connection, principal))
        return Command(principal=principal, context=context, request=request)

    def context(self, work: UnitOfWork) -> Context:
        """What features' services are built on for this unit of work."""
        return Context(work=work, rights=self.rights, terms=self.terms, keys=self.keys, pseudonyms=self.pseudonyms)

    def _work(self, connection: Any, principal: Principal) -> UnitOfWork:  # noqa: ANN401
        return UnitOfWork(
            connection=connection,
            actor=Actor(subject=principal.subject, body=principal.body, scope=principal.scope_keys),
            clock=self.clock,
            source=self.source,
            correlation_id=correlation_id(),
            traceparent=traceparent(),
        )

    async def _conclude(self, command: Command, key: "Key | None") -> None:
        """Write everything and the answer; without a transaction the one statement commits by itself."""
        work, response = command.work, command.response
        if not work.begun:
            failpoint("before_commit")
        seq = await work.flush(_stored(command, key, response) if key and response else None)
        if seq and response:
            response.headers["Aksu-Position"] = f"{self.source}:{seq}"
        if work.begun:
            failpoint("before_commit")
            await work.commit()

    async def _answer_again(self, command: Command, key: Key) -> None:
        """Raise Replay with the answer the key was given before, KeyReused or Forbidden; nothing when it is new."""
        row = await command.work.connection.fetchrow(_ANSWERED, command.principal.subject, key.value)
        if row is not None:
            raise replayed(row, key.fingerprint, command.principal.reach)

    async def _keep_refusal(self, command: Command, key: Key, obstacle: Exception) -> None:
        """Keep a rule's refusal under the key. Should a parallel call have been answered meanwhile, its answer wins."""
        if not isinstance(obstacle, RuleBroken):
            return
        status, body, headers = render_problem(obstacle, command.request)
        response = Response(body, status, headers, media_type="application/problem+json")
        try:
            await command.work.flush(_stored(command, key, response))
        except KeyTaken:
            await self._answer_again(command, key)
            raise RequestInProgress from None


async def _refuse_revoked(command: Command) -> None:
    """Raise TokenRevoked instead of what a caller without access met: nothing found, or an answer of before."""
    if command.principal.issued_at is not None and await command.work.connection.fetchval(_REVOKED, command.work.scope):
        raise TokenRevoked


def _stored(command: Command, key: Key, response: Response) -> StoredReply:
    return StoredReply(
        client=command.principal.subject,
        key=key.value,
        fingerprint=key.fingerprint,
        scope=command.principal.reach,
        status=response.status_code,
        headers={name.decode(): value.decode() for name, value in response.raw_headers if name != b"content-length"},
        body=bytes(response.body),
    )


COMMAND_PROBLEMS = (Malformed, ConcurrentWrite, KeyReused, RequestInProgress, PreconditionRequired)
"""What every POST command may answer besides its own refusals."""

UPDATE_PROBLEMS = (Malformed, ConcurrentWrite, NotFound, PreconditionRequired, PreconditionFailed)
"""What every PATCH or PUT may answer besides its own refusals."""
