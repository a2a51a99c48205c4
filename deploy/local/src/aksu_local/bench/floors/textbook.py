"""The textbook: FastAPI, an ORM session per request, response models, an outbox row and an idempotency key."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, Header
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ARRAY, Identity, Text, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from aksu_local.bench.floors.tables import POOL


class Base(DeclarativeBase):
    """The textbook's own mapping."""


class ServiceRow(Base):
    """The registry's table."""

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


class CommandRow(Base):
    """What a command writes."""

    __tablename__ = "command"
    __table_args__ = {"schema": "bench"}  # noqa: RUF012 - SQLAlchemy's own form
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)


class OutboxRow(Base):
    """What it publishes."""

    __tablename__ = "outbox"
    __table_args__ = {"schema": "bench"}  # noqa: RUF012
    seq: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSONB)


class AnswerRow(Base):
    """What it answered, by idempotency key."""

    __tablename__ = "answer"
    __table_args__ = {"schema": "bench"}  # noqa: RUF012
    key: Mapped[str] = mapped_column(primary_key=True)
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ServiceOut(BaseModel):
    """One service of the list."""

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
    """A page of services."""

    items: list[ServiceOut]
    total: int


class WriteIn(BaseModel):
    """The command: the same body that the registry's own command gets."""

    model_config = ConfigDict(extra="allow")
    name: str


class WriteOut(BaseModel):
    """Its answer."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    name: str
    body: dict[str, Any]


def textbook(url: str) -> FastAPI:
    """The application; its engine connects when first used."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=POOL, max_overflow=0)
    sessions = async_sessionmaker(engine)
    app = FastAPI()

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as opened:
            yield opened

    SessionDep = Annotated[AsyncSession, Depends(session)]  # noqa: N806 - a type

    @app.get("/services", response_model=PageOut)
    async def services(db: SessionDep) -> Any:  # noqa: ANN401 - shaped by the response model
        rows = (await db.scalars(select(ServiceRow).order_by(ServiceRow.name, ServiceRow.id).limit(50))).all()
        return {"items": rows, "total": await db.scalar(select(func.count()).select_from(ServiceRow))}

    @app.post("/services", status_code=201, response_model=WriteOut)
    async def write(body: WriteIn, idempotency_key: Annotated[str, Header()], db: SessionDep) -> Any:  # noqa: ANN401
        known = await db.get(AnswerRow, idempotency_key)
        if known is not None:
            return known.answer
        row = CommandRow(id=uuid4(), name=body.name, body=body.model_dump())
        db.add(row)
        await db.flush()
        answer = WriteOut.model_validate(row)
        db.add(OutboxRow(state=row.body))
        db.add(AnswerRow(key=idempotency_key, answer=answer.model_dump(mode="json")))
        await db.commit()
        return answer

    return app
