"""Every statement of every service reads a scoped table within its caller's scope, and PostgreSQL's plan shows it.

Plans are those of a superuser, whom row-level security does not bind: what holds there, the statement says itself.
"""

import json
import pkgutil
import re
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from typing import Any, Final

import asyncpg
import pytest
import pytest_asyncio

from aksu_local.databases import SERVICES
from aksu_local.served import SCHEMAS
from aksu_local.templates import Databases
from aksu_shared.db import reads, store
from aksu_shared.db.fitness import scoped_tables
from aksu_shared.db.reads import Page
from aksu_shared.db.statement import Statement
from aksu_shared.operations import changes, digest
from aksu_shared.privacy.holdings import Holding

_EDGE: Final = tuple(f"aksu_shared.operations.{name}" for name in ("audit", "dead_letters", "vanished"))
_HELD: Final = re.compile(r"\bscope && ")
# A plan for any parameters is given by the simple protocol alone, which asyncpg has no answers from.
_PLAN: Final = """
CREATE FUNCTION pg_temp.plan(asked text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE found json;
BEGIN EXECUTE 'EXPLAIN (GENERIC_PLAN, FORMAT json) ' || asked INTO found; RETURN found; END $$"""


@pytest_asyncio.fixture(params=SERVICES)
async def planner(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator["Planner"]:
    urls = await databases.service(request.param, prepare=SCHEMAS[request.param])
    connection = await asyncpg.connect(databases.server.url(urls.database))
    await connection.execute(_PLAN)
    yield Planner(request.param, connection, await scoped_tables(connection))
    await connection.close()


class Planner:
    """Asks PostgreSQL how it would carry out a service's statements."""

    def __init__(self, service: str, connection: "asyncpg.Connection[Any]", scoped: frozenset[str]) -> None:
        self.service = service
        self.scoped = scoped
        self._connection = connection

    async def plan(self, sql: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await self._connection.fetchval("SELECT pg_temp.plan($1)", sql))[0]["Plan"]
        return found

    async def faults(self, sql: str) -> list[str]:
        """The scoped tables that a statement reads without a word about their scope, or writes down first."""
        found = []
        for node in _nodes(await self.plan(sql)):
            if node.get("CTE Name") in self.scoped:
                found.append(f"{node['CTE Name']} is not read where it stands")
            table = node.get("Relation Name", "")
            name = "change_log" if table.startswith("change_log") else table
            conditions = " ".join(str(text) for key, text in node.items() if key.endswith(("Filter", "Cond")))
            if name in self.scoped and not _HELD.search(conditions):
                found.append(f"{table}: {conditions or 'no condition'}")
        return found

    def constants(self) -> Iterator[tuple[str, object]]:
        """Whatever modules of the service, and of the edge all share, call by a name."""
        package = import_module(f"aksu_{self.service}")
        inside = (each.name for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))
        for name in (*(each for each in inside if ".migrations" not in each), *_EDGE):
            yield from ((f"{name}.{key}", value) for key, value in vars(import_module(name)).items())


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


async def test_lists_are_read_within_the_scope_however_they_are_asked(planner: Planner) -> None:
    pages = {name: page for name, page in planner.constants() if isinstance(page, Page)}
    assert len(pages) > len(_EDGE)
    found: dict[str, list[str]] = {}
    for name, page in pages.items():
        for sql in _ways(page, planner.scoped):
            found |= {name: faults} if (faults := await planner.faults(sql)) else {}
    assert found == {}


def _ways(page: Page, scoped: frozenset[str]) -> Iterator[str]:
    """By each sorting, with no filter and with all, from the beginning and behind a cursor; and as an export."""
    for given in (frozenset[str](), frozenset(page.filters)):
        for sort in page.sorts:
            for after in (False, True):
                yield reads._compiled_page(page, sort, given, with_cursor=after, fresh_at="now()", scoped=scoped)[0]
            yield reads._compiled_lines(page, sort, given, scoped)[0]


async def test_single_rows_are_read_within_the_scope_to_show_them_and_to_change_them(planner: Planner) -> None:
    statements = {name: each for name, each in planner.constants() if isinstance(each, Statement)}
    assert statements or planner.service == "reporting"
    for name, each in statements.items():
        if each.locks:
            for sql in (store._alone(each, sees_all=False), store._together((each,), sees_all=False)):
                assert _HELD.search(json.dumps(await planner.plan(sql))), name
        else:
            assert await planner.faults(reads._one_sql(each, planner.scoped)) == [], name


async def test_what_is_written_by_hand_reads_within_the_scope(planner: Planner) -> None:
    for sql in (changes._FEED, *_digests(planner.service), *_by_hand(planner.service)):
        assert await planner.faults(reads._raw_sql(sql, planner.scoped)) == []


def _digests(service: str) -> Iterator[str]:
    owned = getattr(import_module(f"aksu_{service}.wiring"), "AGGREGATES", ())  # reporting owns none
    for asked in digest.compared(owned).values():
        fields = digest._fields(asked, ",".join(asked.fact.schema.model_fields))
        yield from (digest._sql(asked, fields, bucket)[0] for bucket in (None, "00"))


def _by_hand(service: str) -> Iterator[str]:
    """The statements that no page and no statement of SQLAlchemy's holds."""
    if service in {"licensing", "monitoring"}:
        subjects = import_module("aksu_shared.operations.subjects")
        yield from (subjects._FOUND, subjects._export_sql({"x": Holding(table="subject_key", over="true")}))
    if service == "reporting":
        summaries = import_module("aksu_reporting.analyses.territory.queries")
        for level in summaries._WITHIN:
            yield summaries._summary_sql(level)
            yield from (summaries._children_sql(level, inner, "-code") for inner in summaries._CHILD)
        yield import_module("aksu_reporting.read_models.queries").FRESHNESS
