"""Bare Starlette handlers around one asyncpg statement each: about the least an answer over HTTP can cost here."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from aksu_local.bench.floors.tables import POOL

_SERVICES: Final = """
SELECT json_build_object('items', json_agg(row_to_json(r)))::text FROM (
  SELECT id, name, kind, activity_groups, target_groups, financing, management, capacity, state, licence_required,
    provider_id, provider_body, provider_name, operator_id, operator_body, operator_name, place_id, municipality,
    settlement, address, started_on, closed_on, version FROM service ORDER BY name, id LIMIT 50) r"""
_WRITE: Final = "INSERT INTO bench.command (id, name, body) VALUES ($1, $2, $3)"
_PUSH: Final = """
INSERT INTO bench.event (source, id, subject, sequence, type, data)
SELECT source, id, subject, sequence, type, data
  FROM jsonb_to_recordset($1::jsonb) AS r(source text, id text, subject text, sequence int, type text, data jsonb)"""
_COUNT: Final = "SELECT count(*)::text FROM bench.event WHERE source = $1"
_IMPORT: Final = "INSERT INTO bench.imported (number, cells) SELECT * FROM unnest($1::int[], $2::jsonb[])"


@asynccontextmanager
async def pool(app: Starlette, url: str) -> AsyncIterator[None]:
    """The handlers' pool, as `app.state.pool`."""
    async with await asyncpg.create_pool(url, min_size=POOL, max_size=POOL) as opened:
        app.state.pool = opened
        yield


async def services(request: Request) -> Response:
    """A page of 50 services, built by PostgreSQL."""
    body = await request.app.state.pool.fetchval(_SERVICES)
    return Response(body, media_type="application/json")


async def write(request: Request) -> Response:
    """One row from a command's body."""
    body = await request.body()
    key = uuid4()
    await request.app.state.pool.execute(_WRITE, key, json.loads(body)["name"], body.decode())
    return Response(b'{"id":"%s"}' % str(key).encode(), 201, media_type="application/json")


async def push(request: Request) -> Response:
    """All events of a batch."""
    await request.app.state.pool.execute(_PUSH, (await request.body()).decode())
    return Response(b"{}", 202, media_type="application/json")


async def count(request: Request) -> Response:
    """How many events of a source there are."""
    body = await request.app.state.pool.fetchval(_COUNT, request.query_params["source"])
    return Response(body, media_type="application/json")


async def import_rows(request: Request) -> Response:
    """The rows of a workbook as they stand in it."""
    rows = await asyncio.to_thread(_rows, await request.body())
    await request.app.state.pool.execute(_IMPORT, range(len(rows)), [json.dumps(row, default=str) for row in rows])
    return Response(str(len(rows)), media_type="application/json")


def _rows(content: bytes) -> list[list[Any]]:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - heavy, and used here only

    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    return sheet.to_python()[1:]


ROUTES: Final[list[BaseRoute]] = [
    Route("/raw/services", services, methods=["GET"]),
    Route("/raw/services", write, methods=["POST"]),
    Route("/raw/events", push, methods=["POST"]),
    Route("/raw/events", count, methods=["GET"]),
    Route("/raw/imports", import_rows, methods=["POST"]),
]
