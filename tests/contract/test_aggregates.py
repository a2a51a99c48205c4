"""One case per aggregate and per copy: what an event tells stands in the table, in every statement and in every read.

A field that is missing in one of these places, or misspelt there, would vanish without an error.
"""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from itertools import count
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model
from sqlalchemy import Column, MetaData, Table, select

from aksu_local.aggregates import BY_ROUTES, faults, faults_of_copy, unkept
from aksu_local.databases import SERVICES, ServiceUrls
from aksu_local.served import SCHEMAS
from aksu_local.templates import Databases
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.pool import create_pool
from aksu_shared.db.projection import project
from aksu_shared.db.reads import Page, Reads
from aksu_shared.db.statement import Statement
from aksu_shared.db.store import Store, begins
from aksu_shared.db.tables import columns_of
from aksu_shared.db.work import Actor, UnitOfWork
from aksu_shared.events.base import Event, State, derived
from aksu_shared.events.catalogue import CATALOGUE
from aksu_shared.kernel.clock import Clock
from aksu_shared.worker.copies import Copy
from aksu_shared.worker.evidence import contradictions

_WIRED: Final = {service: import_module(f"aksu_{service}.wiring") for service in SERVICES}
OWNED: Final[dict[str, Aggregate]] = {
    f"{service}.{each.name}": each for service, wired in _WIRED.items() for each in getattr(wired, "AGGREGATES", ())
}
COPIES: Final[dict[str, tuple[type[Event[Any]], Copy]]] = {
    f"{service}.{copy.name}": (fact, copy)
    for service, wired in _WIRED.items()
    for fact, copy in getattr(wired, "COPIES", {}).items()
}
SCOPE: Final = ("public", "b:AKSU", "access")
TODAY: Final = date(2026, 3, 2)
CODED: Final[dict[str, dict[str, str]]] = {
    "application": {"state": "REGISTERED", "decision": "GRANT"},
    "licence": {"state": "ACTIVE", "origin": "ISSUED", "kind": "ORIGINAL"},
    "prescription": {"state": "ISSUED"},
}
"""Values of those fields that take no other."""
UrlsOf = Callable[[str], Awaitable[ServiceUrls]]
_numbers = count(1)


@pytest.fixture(scope="module")
def urls_of(databases: Databases) -> UrlsOf:
    """One database per service: each aggregate and each copy has a table of its own, so none meets another."""
    made: dict[str, ServiceUrls] = {}

    async def once(service: str) -> ServiceUrls:
        if service not in made:
            made[service] = await databases.service(service, prepare=SCHEMAS[service])
        return made[service]

    return once


@pytest.mark.parametrize("name", OWNED)
def test_state_table_statements_and_reads_have_the_same_fields(name: str) -> None:
    assert faults(OWNED[name]) == []


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_has_no_column_that_no_event_fills(name: str) -> None:
    assert faults_of_copy(*COPIES[name]) == []


def test_every_event_is_about_an_aggregate_that_its_owner_keeps() -> None:
    for service in SERVICES:
        owned = [each for name, each in OWNED.items() if name.startswith(f"{service}.")]
        assert unkept([fact for fact in CATALOGUE.values() if fact.owner == service], owned) == []
        assert {each.fact.owner for each in owned} <= {service}


@pytest.mark.parametrize("name", OWNED)
async def test_what_was_recorded_is_read_back_whole(name: str, urls_of: UrlsOf) -> None:
    service, aggregate = name.partition(".")[0], OWNED[name]
    event = _event(aggregate.fact)
    beside = {each: _value(aggregate.table.c[each].type.python_type, each) for each in aggregate.beside}
    urls = await urls_of(service)
    async with await create_pool(urls.runtime, application="test", size=2) as pool:
        async with pool.acquire() as connection:
            work = UnitOfWork(
                connection=connection, actor=Actor(subject="test", scope=SCOPE), clock=Clock(), source=service
            )
            work.record(aggregate.table, event, **beside)
            await work.flush()
            kept = await Store(work, aggregate.table, aggregate.fact.schema).get(event.id, lock=False)
        assert (kept.state, kept.version, kept.scope) == (event.state, 1, SCOPE)
        reads = await Reads.of(pool)
        for reading in aggregate.readings:
            read = reading.model.model_validate_json(json.dumps(await _read(reads, reading, event)))
            expected = {**beside, **{field: getattr(event.state, field) for field in type(event.state).model_fields}}
            shown = (expected.keys() - aggregate.left_out.keys()) & reading.model.model_fields.keys()
            assert {field: getattr(read, field) for field in shown} == {field: expected[field] for field in shown}
    async with await create_pool(urls.worker, application="test", size=1) as pool:
        assert await contradictions(pool, [aggregate]) == []


@pytest.mark.parametrize("name", [name for name, (_, copy) in COPIES.items() if not copy.applied_only])
async def test_a_copy_keeps_what_the_event_told(name: str, urls_of: UrlsOf) -> None:
    service, (fact, copy) = name.partition(".")[0], COPIES[name]
    event = _event(fact)
    urls = await urls_of(service)
    connection = await asyncpg.connect(urls.worker)
    try:
        assert await project(connection, copy.table, [event]) == 1
        told = f"json_populate_record(NULL::{copy.name}, $1::json)"
        columns = ", ".join(column.name for column in columns_of(copy.table))
        state = event.state.model_dump(mode="json") | {"id": event.id, "version": 1, "scope": list(SCOPE)}
        row = await connection.fetchrow(f"SELECT {columns} FROM {copy.name}")
        assert row == await connection.fetchrow(f"SELECT {columns} FROM {told}", json.dumps(state))
        assert row is not None
        assert None not in row.values()
    finally:
        await connection.close()


def _event(fact: type[Event[Any]]) -> Event[Any]:
    """The first event of an aggregate each of whose fields is set, no two to the same value."""
    concrete = next(each for each in CATALOGUE.values() if issubclass(each, fact))
    state = _filled(fact.schema, CODED.get(fact.aggregate, {}))
    key = getattr(state, "id", None) or getattr(state, "code", None) or "subject"
    return begins(concrete, state, id=str(key), scope=SCOPE)


def _filled(schema: type[State], given: Mapping[str, str]) -> State:
    made = derived(schema)
    values = {
        name: given.get(name) or _value(field.annotation, name)
        for name, field in schema.model_fields.items()
        if name not in made
    }
    return schema.model_validate(values)


def _value(annotation: Any, name: str) -> Any:
    """Some value of this type that no other field has."""
    number, origin = next(_numbers), get_origin(annotation)
    if origin is Annotated:
        return _value(get_args(annotation)[0], name)
    if origin in {UnionType, Union}:
        return _value(next(each for each in get_args(annotation) if each is not NoneType), name)
    if origin is tuple:
        return (_value(get_args(annotation)[0], name), _value(get_args(annotation)[0], name))
    if issubclass(annotation, State):
        return _filled(annotation, {})
    return _SCALARS[annotation](number, name)


_SCALARS: Final[dict[type, Callable[[int, str], Any]]] = {
    bool: lambda _number, _name: True,
    int: lambda number, _name: number,
    str: lambda number, name: f"{name} {number}",
    UUID: lambda _number, _name: uuid4(),
    date: lambda number, _name: TODAY + timedelta(days=number),
    datetime: lambda number, _name: datetime(2026, 3, 2, 10, tzinfo=UTC) + timedelta(seconds=number),
}


async def _read(reads: Reads, reading: Reading, event: Event[Any]) -> dict[str, Any]:
    """What the statement gives for the event's aggregate, with nothing in the fields that the route makes."""
    scope = ",".join(SCOPE)
    today = {"today": TODAY, "expiring_until": TODAY}
    if isinstance(reading.query, Page):
        given: dict[str, Any] = {name: value for name, value in today.items() if name in reading.query.filters}
        page = await reads.page(reading.query, scope=scope, sort=next(iter(reading.query.sorts)), limit=2, **given)
        (row,) = json.loads(page)["items"]
    else:
        whose = {"application": getattr(event.state, "application_id", None)}
        found = await reads.one(reading.query, scope=scope, id=event.id, code=event.id, **whose, **today)
        assert found is not None
        row = json.loads(found[1])
    fields = reading.model.model_fields
    made = [*BY_ROUTES & fields.keys(), *(name for names in reading.made.values() for name in names)]
    return {
        **{name: value for name, value in row.items() if name not in reading.made},
        **{name: _nothing(fields[name].annotation) for name in made},
    }


def _nothing(annotation: Any) -> Any:
    candidates: tuple[Any, ...] = (None, [], False, str(uuid4()))
    for empty in candidates:
        try:
            TypeAdapter(annotation).validate_python(empty)
        except ValidationError:
            continue
        return empty
    raise AssertionError(annotation)


SERVICE: Final = OWNED["registry.service"]


def _without(table: Table, column: str) -> Table:
    rest = [each for each in table.columns if each.name != column]
    return Table(
        table.name, MetaData(), *(Column(each.name, each.type, server_default=each.server_default) for each in rest)
    )


def _model(**fields: Any) -> type[BaseModel]:
    return create_model("ServiceRead", __base__=SERVICE.readings[0].model, **fields)


def _planted() -> Iterator[tuple[str, Aggregate, str]]:
    """What is wrong, an aggregate in which it is, and what must be said of it."""
    lists, single = SERVICE.readings
    page, columns = lists.query, SERVICE.table.c
    assert isinstance(page, Page)
    fewer = [each for each in page.columns.selected_columns if each.key != "closed_on"]
    misspelt = page.columns.add_columns(columns.capacity.label("capactiy"))
    fact: Any = type("Misspelt", (SERVICE.fact,), {})
    fact.schema = create_model("Misspelt", __base__=SERVICE.fact.schema, capactiy=(int, 0))
    yield "no column", replace(SERVICE, table=_without(SERVICE.table, "capacity")), "no column for capacity"
    yield "a misspelt field of the state", replace(SERVICE, fact=fact), "no column for capactiy"
    yield "a column that nothing fills", replace(SERVICE, beside={}), "no field of ServiceState for column claim"
    listed = replace(lists, query=replace(page, columns=select(*fewer)))
    yield "not in the list", replace(SERVICE, readings=(listed, single)), "does not select closed_on"
    alone = replace(single, query=Statement(select(*fewer)))
    yield "not in the single read", replace(SERVICE, readings=(lists, alone)), "does not select closed_on"
    listed = replace(lists, query=replace(page, columns=misspelt))
    yield "misspelt in the list", replace(SERVICE, readings=(listed, single)), "gives capactiy, which it does not have"
    wider = replace(lists, model=_model(capactiy=(int | None, None)))
    yield "a misspelt field of the read", replace(SERVICE, readings=(wider, single)), "does not select capactiy"
    yield "not shown", replace(SERVICE, readings=(replace(lists, model=BaseModel),)), "does not show capacity"
    yield "not read", replace(SERVICE, readings=()), "either it is read, or it is said why not"
    yield "a stale reason", replace(SERVICE, left_out={"capactiy": "?"}), "capactiy is left out but no field"
    yield "a stale column", replace(SERVICE, beside={**SERVICE.beside, "name": "?"}), "name is no column beside"


@pytest.mark.parametrize(("aggregate", "said"), [pytest.param(*rest, id=name) for name, *rest in _planted()])
def test_an_omission_is_noticed(aggregate: Aggregate, said: str) -> None:
    assert [fault for fault in faults(aggregate) if said in fault]


def test_a_column_of_a_copy_that_no_event_tells_is_noticed() -> None:
    table = Table("service", MetaData(), Column("id", SERVICE.table.c.id.type), Column("capactiy"))
    (fault,) = faults_of_copy(SERVICE.fact, Copy(table))
    assert fault.endswith("for capactiy")


def test_an_event_about_an_aggregate_without_a_table_is_noticed() -> None:
    others = [each for each in OWNED.values() if each is not SERVICE]
    assert unkept(CATALOGUE.values(), others) == [
        each.type for each in CATALOGUE.values() if issubclass(each, SERVICE.fact)
    ]
