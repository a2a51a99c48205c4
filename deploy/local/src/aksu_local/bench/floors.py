"""The floors: the same answer by a bare handler, and by the handler a textbook would write.

`python -m aksu_local.bench.floors PORT` serves both over the registry's own tables; AKSU_BENCH_URL names the database
(a role that sees all rows, so that no floor pays for row-level security).
"""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import uvicorn
from fastapi import Depends, FastAPI, Header
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ARRAY, Text, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

URL = os.environ.get("AKSU_BENCH_URL", "")
POOL = 10

LIST_SQL = """
SELECT json_build_object('items', json_agg(row_to_json(r)))::text FROM (
  SELECT id, name, kind, activity_groups, target_groups, financing, management, capacity, state, licence_required,
    provider_id, provider_body, provider_name, operator_id, operator_body, operator_name, place_id, municipality,
    settlement, address, started_on, closed_on, version FROM service ORDER BY name, id LIMIT 50) r"""
INSERT_SQL = "INSERT INTO bench_write (id, name, body) VALUES ($1, $2, $3)"


class Base(DeclarativeBase):
    """The textbook's own mapping."""


class ServiceRow(Base):
    """The registry's table as the textbook maps it."""

    __tablename__ = "service"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    activity_groups: Mapped[list[str]] = mapped_column(ARRAY(Text))
    target_groups: Mapped[list[str]] = mapped_column(ARRAY(Text))
    financing: Mapped[str]
    management: Mapped[str | None]
    capacity: Mapped[int | None]
    state: Mapped[str]
    licence_required: Mapped[bool]
    provider_id: Mapped[UUID]
    provider_body: Mapped[str]
    provider_name: Mapped[str]
    operator_id: Mapped[UUID | None]
    operator_body: Mapped[str | None]
    operator_name: Mapped[str | None]
    place_id: Mapped[UUID]
    municipality: Mapped[str]
    settlement: Mapped[str]
    address: Mapped[str]
    started_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    version: Mapped[int]


class WriteRow(Base):
    """What a textbook command writes."""

    __tablename__ = "bench_write"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)


class LogRow(Base):
    """Its outbox row."""

    __tablename__ = "bench_log"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSONB)


class KeyRow(Base):
    """Its idempotency key."""

    __tablename__ = "bench_key"
    key: Mapped[str] = mapped_column(primary_key=True)
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ServiceOut(BaseModel):
    """The textbook's response model."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    name: str
    kind: str
    activity_groups: list[str]
    target_groups: list[str]
    financing: str
    management: str | None
    capacity: int | None
    state: str
    licence_required: bool
    provider_id: UUID
    provider_body: str
    provider_name: str
    operator_id: UUID | None
    operator_body: str | None
    operator_name: str | None
    place_id: UUID
    municipality: str
    settlement: str
    address: str
    started_on: date | None
    closed_on: date | None
    version: int


class PageOut(BaseModel):
    """A page of it."""

    items: list[ServiceOut]
    total: int


class WriteIn(BaseModel):
    """The textbook's command: the same body the registry's own command gets."""

    model_config = ConfigDict(extra="allow")
    name: str


class WriteOut(BaseModel):
    """Its answer."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    name: str
    body: dict[str, Any]


def textbook() -> FastAPI:
    """FastAPI, an ORM session per request, a response model."""
    engine = create_async_engine(URL.replace("postgresql://", "postgresql+asyncpg://"), pool_size=POOL)
    sessions = async_sessionmaker(engine, expire_on_commit=True)
    app = FastAPI()

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as opened:
            yield opened

    @app.get("/services", response_model=PageOut)
    async def services(db: AsyncSession = Depends(session)) -> Any:
        rows = (await db.scalars(select(ServiceRow).order_by(ServiceRow.name, ServiceRow.id).limit(50))).all()
        return {"items": rows, "total": await db.scalar(select(func.count()).select_from(ServiceRow))}

    @app.post("/services", status_code=201, response_model=WriteOut)
    async def write(body: WriteIn, idempotency_key: str = Header(), db: AsyncSession = Depends(session)) -> Any:
        known = await db.get(KeyRow, idempotency_key)
        if known is not None:
            return known.answer
        row = WriteRow(id=uuid4(), name=body.name, body=body.model_dump())
        db.add(row)
        await db.flush()
        db.add(LogRow(state=row.body))
        db.add(KeyRow(key=idempotency_key, answer={"id": str(row.id), "name": row.name, "body": row.body}))
        await db.commit()
        await db.refresh(row)
        return row

    return app


def raw() -> Starlette:
    """A bare Starlette handler around one statement on asyncpg."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with await asyncpg.create_pool(URL, min_size=POOL, max_size=POOL) as pool:
            app.state.pool = pool
            yield

    async def services(request: Request) -> Response:
        body = await request.app.state.pool.fetchval(LIST_SQL)
        return Response(body, media_type="application/json")

    async def write(request: Request) -> Response:
        body = await request.body()
        key = uuid4()
        await request.app.state.pool.execute(INSERT_SQL, key, json.loads(body)["name"], body.decode())
        return Response(b'{"id":"%s"}' % str(key).encode(), 201, media_type="application/json")

    app = Starlette(
        routes=[
            Route("/raw/services", services, methods=["GET"]),
            Route("/raw/services", write, methods=["POST"]),
            Mount("/textbook", textbook()),
        ],
        lifespan=lifespan,
    )
    return app


if __name__ == "__main__":
    uvicorn.run(raw(), port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
