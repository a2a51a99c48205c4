"""Whatever end a request comes to, the next one on its connection finds no scope, no transaction and no listener."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Annotated, Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import Depends, FastAPI, Request
from starlette.responses import Response

from aksu_local.databases import ServiceUrls
from aksu_local.waiting import eventually
from aksu_local.worker_rig import Registry, prepare_registry, worker_pool
from aksu_shared.auth.dependencies import PrincipalDep
from aksu_shared.auth.issuer import DevelopmentIssuer
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.pseudonym import Pseudonyms
from aksu_shared.db.log_keys import DEVELOPMENT_LOG_KEYS
from aksu_shared.db.notify import Notifier
from aksu_shared.db.pool import create_pool
from aksu_shared.db.statement import SCOPE
from aksu_shared.db.work import UnitOfWork
from aksu_shared.kernel.clock import Clock
from aksu_shared.kernel.errors import NotFound, RuleBroken
from aksu_shared.privacy.keys import NO_KEYS
from aksu_shared.procedures.context import legal_terms
from aksu_shared.serving.health import Health
from aksu_shared.web.app import create_app
from aksu_shared.web.commands import Command, CommandEdge
from aksu_shared.web.fingerprints import Fingerprints
from aksu_shared.web.routing import Router, deadline

from .conftest import WRITE, config_for

SLOW = "SELECT pg_sleep(60)"
SEEN = f"WITH {SCOPE} SELECT count(*) FROM s, place WHERE s.v IS NOT NULL"


class TooMany(RuleBroken):
    code = "too_many"
    bg = "Много."
    en = "Too many."


async def answered(_: UnitOfWork) -> None:
    """The answer is stored under its key, by one statement in the caller's scope."""


async def answered_in_a_transaction(work: UnitOfWork) -> None:
    await work.begin()


async def read_in_its_scope(work: UnitOfWork) -> None:
    assert await work.connection.fetchval(SEEN, work.scope) == 1


async def refused_by_a_rule(work: UnitOfWork) -> None:
    await work.begin()
    raise TooMany


async def refused_outside_a_transaction(work: UnitOfWork) -> None:
    await read_in_its_scope(work)
    raise NotFound


async def failed_in_python(work: UnitOfWork) -> None:
    await work.begin()
    raise LookupError("a mistake of ours")


async def failed_in_a_statement(work: UnitOfWork) -> None:
    await (await work.begin()).execute("SELECT 1 / 0")


async def failed_in_a_statement_of_its_own(work: UnitOfWork) -> None:
    await work.connection.fetchval(f"WITH {SCOPE} SELECT 1 / 0 FROM s WHERE s.v IS NOT NULL", work.scope)


async def timed_out_in_a_transaction(work: UnitOfWork) -> None:
    await (await work.begin()).execute(SLOW, timeout=0.1)


async def timed_out_on_the_server(work: UnitOfWork) -> None:
    connection = await work.begin()
    await connection.execute("SET LOCAL statement_timeout = '100ms'")
    await connection.execute(SLOW)


async def slow_in_a_transaction(work: UnitOfWork) -> None:
    await (await work.begin()).execute(SLOW)


async def slow_in_its_scope(work: UnitOfWork) -> None:
    await work.connection.fetchval(f"WITH {SCOPE} SELECT pg_sleep(60) FROM s WHERE s.v IS NOT NULL", work.scope)


async def left_in_a_transaction(work: UnitOfWork) -> None:
    """A service that opens a transaction behind the unit of work's back, which therefore does not end it."""
    await work.connection.execute("BEGIN")
    await work.connection.execute("SELECT set_config('app.scope', $1, true)", work.scope)


async def left_listening(work: UnitOfWork) -> None:
    await work.connection.add_listener("forgotten", HEARD.append)


async def cut_off(work: UnitOfWork) -> None:
    await (await work.begin()).execute("SELECT pg_terminate_backend(pg_backend_pid())")


HEARD: list[object] = []
ENDS: dict[Callable[[UnitOfWork], Awaitable[None]], int] = {
    answered: 200,
    answered_in_a_transaction: 200,
    read_in_its_scope: 200,
    refused_by_a_rule: 409,
    refused_outside_a_transaction: 404,
    failed_in_python: 500,
    failed_in_a_statement: 500,
    failed_in_a_statement_of_its_own: 500,
    timed_out_in_a_transaction: 503,
    timed_out_on_the_server: 503,
    left_in_a_transaction: 200,
    left_listening: 200,
    cut_off: 503,
}
"""How a request ends, and the status of its answer."""
SLOW_ONES = (slow_in_a_transaction, slow_in_its_scope)


def routes() -> Router:
    router = Router(tags=["ends"])

    async def command(request: Request, principal: PrincipalDep) -> AsyncIterator[Command]:
        async with request.app.state.api.commands.open(request, principal) as opened:
            yield opened

    CommandDep = Annotated[Command, Depends(command, scope="function")]  # noqa: N806 - a type

    def add(end: Callable[[UnitOfWork], Awaitable[None]], path: str, seconds: float) -> None:
        @router.post(path, dependencies=WRITE, name=path)
        @deadline(seconds)
        async def run(command: CommandDep) -> Response:
            await end(command.work)
            command.response = Response(b"{}", 200)
            return command.response

    for end in (*ENDS, *SLOW_ONES):
        add(end, f"/{end.__name__}", 30)
    for end in SLOW_ONES:
        add(end, f"/overdue/{end.__name__}", 0.2)
    return router


@pytest_asyncio.fixture
async def urls(fresh_database: Callable[..., Awaitable[ServiceUrls]]) -> ServiceUrls:
    urls = await fresh_database("registry", prepare=prepare_registry)
    async with await worker_pool(urls) as worker:
        await Registry(worker).register()
    return urls


@pytest_asyncio.fixture
async def pool(urls: ServiceUrls) -> AsyncIterator[asyncpg.Pool]:
    """One connection for everybody."""
    settings = {"app.access_patience": "off"}
    async with await create_pool(urls.runtime, application="test", size=1, settings=settings) as pool:
        yield pool


@pytest_asyncio.fixture
async def app(issuer: DevelopmentIssuer, urls: ServiceUrls, pool: asyncpg.Pool) -> AsyncIterator[FastAPI]:
    app = create_app(title="Sample", version="1", config=config_for(issuer), routers=[routes()], health=Health())
    async with Notifier(urls.runtime) as notifier:
        edge = CommandEdge(
            source="registry",
            pool=pool,
            clock=Clock(),
            notifier=notifier,
            rights=Rights.load(),
            terms=legal_terms(),
            keys=NO_KEYS,
            log_keys=DEVELOPMENT_LOG_KEYS,
            pseudonyms=Pseudonyms("a key of the tests"),
            fingerprints=Fingerprints("a key of the tests"),
        )
        app.state.api = SimpleNamespace(commands=edge)
        yield app


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


Ask = Callable[[str], Awaitable[int]]


@pytest.fixture
def ask(client: httpx.AsyncClient, officer: dict[str, str]) -> Ask:
    """Makes a request, under a key of its own, and gives the status of its answer."""

    async def post(path: str) -> int:
        answer = await client.post(f"/v1/{path}", headers=officer | {"Idempotency-Key": str(uuid4())})
        return answer.status_code

    return post


async def found_by_the_next(pool: asyncpg.Pool) -> dict[str, Any]:
    """What whoever gets the connection now finds on it."""
    async with pool.acquire(timeout=5) as connection:
        return {
            "open": connection.is_in_transaction(),
            "scope": await connection.fetchval("SELECT current_setting('app.scope', true)") or "",
            "places": await connection.fetchval("SELECT count(*) FROM place"),
            "locks": await connection.fetchval(
                "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'"
            ),
        }


CLEAN = {"open": False, "scope": "", "places": 0, "locks": 0}


@pytest.mark.filterwarnings("ignore:.*active notification listener:asyncpg.InterfaceWarning")
async def test_a_request_that_ends_by_itself_leaves_a_clean_connection(ask: Ask, pool: asyncpg.Pool) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # asyncpg complains about what was left open
    ended = {end: (await ask(end.__name__), await found_by_the_next(pool)) for end in ENDS}
    assert ended == {end: (status, CLEAN) for end, status in ENDS.items()}
    await pool.execute("NOTIFY forgotten")
    assert HEARD == []


async def test_a_request_given_up_at_its_deadline_leaves_a_clean_connection(ask: Ask, pool: asyncpg.Pool) -> None:
    ended = {end: (await ask(f"overdue/{end.__name__}"), await found_by_the_next(pool)) for end in SLOW_ONES}
    assert ended == dict.fromkeys(SLOW_ONES, (503, CLEAN))


@pytest.mark.parametrize("end", SLOW_ONES, ids=lambda end: end.__name__)
async def test_a_request_cancelled_in_a_statement_leaves_a_clean_connection(
    end: Callable[[UnitOfWork], Awaitable[None]], ask: Ask, pool: asyncpg.Pool, urls: ServiceUrls
) -> None:
    watching = await asyncpg.connect(urls.runtime)

    async def sleeps() -> bool:
        asleep = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = $1)"
        return bool(await watching.fetchval(asleep, await watching.fetchval("SELECT current_database()")))

    asking = asyncio.ensure_future(ask(end.__name__))
    await eventually(sleeps)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await found_by_the_next(pool) == CLEAN
    await watching.close()


async def test_the_test_would_see_what_is_left(pool: asyncpg.Pool) -> None:
    """A session's setting, which no code here makes, stays: the test above looks in the right place."""
    await pool.execute("SELECT set_config('app.scope', 'public,BLG01', false)")
    assert await found_by_the_next(pool) == CLEAN | {"scope": "public,BLG01", "places": 1}
