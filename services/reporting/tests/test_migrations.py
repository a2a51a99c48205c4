"""The migrations make the schema that the code declares, and bring along what is kept."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import asyncpg
from reporting_builders import TODAY, application, licence, prescription

from aksu_local.databases import ServiceUrls
from aksu_local.served import SCHEMAS
from aksu_reporting.wiring import METADATA
from aksu_shared.codelists import CODELISTS
from aksu_shared.db.migrate import check, upgrade
from aksu_shared.events.base import derived

Fresh = Callable[..., Awaitable[ServiceUrls]]
ENDED_ON = (None, date(2022, 11, 6), date(2022, 11, 7), TODAY, date(2030, 1, 1))
"""Not, before the first day of its validity, on it, within it, after the last one."""


async def test_tables_in_code_and_database_are_the_same(fresh_database: Fresh) -> None:
    urls = await fresh_database("reporting", prepare=SCHEMAS["reporting"])
    await asyncio.to_thread(check, "reporting", urls.owner)


async def test_every_table_is_under_row_level_security_even_for_its_owner(fresh_database: Fresh) -> None:
    urls = await fresh_database("reporting", prepare=SCHEMAS["reporting"])
    connection = await asyncpg.connect(urls.owner)
    try:
        rows = await connection.fetch("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    finally:
        await connection.close()
    assert {row["relname"] for row in rows} >= set(METADATA.tables)


async def test_rows_kept_before_show_what_their_owners_publish_of_every_state(fresh_database: Fresh) -> None:
    urls = await fresh_database("reporting", prepare=None)
    await asyncio.to_thread(upgrade, "reporting", urls.owner, revision="20261122_log_as_written")
    told = [
        *(licence(state=state, ended_on=day) for state in CODELISTS["licence_states"] for day in ENDED_ON),
        *(application(state=state, decision_due=TODAY) for state in CODELISTS["application_states"]),
        *(prescription(state=state) for state in CODELISTS["prescription_states"]),
    ]
    worker = await asyncpg.connect(urls.worker)
    for fact in told:
        row = fact.data()["state"] | {"version": 1, "scope": ["public"], "written_at": str(datetime.now(UTC))}
        table = type(fact).aggregate
        await worker.execute(
            f"INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, $1)", json.dumps(row)
        )
    await asyncio.to_thread(upgrade, "reporting", urls.owner)
    for fact in told:
        row = await worker.fetchrow(f"SELECT * FROM {type(fact).aggregate} WHERE id = $1", fact.state.id)
        published = fact.state.model_dump(include=derived(fact.schema))
        assert {name: row[name] for name in published} == published
    await worker.close()
