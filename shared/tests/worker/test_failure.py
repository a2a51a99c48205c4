"""Whose fault a failure is, and what is said about it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from aksu_local.databases import ServiceUrls
from aksu_shared.bus.contract import BusUnavailable
from aksu_shared.db.pool import create_pool
from aksu_shared.kernel.errors import NotFound
from aksu_shared.worker.failure import (
    DatabaseAway,
    FeedUnavailable,
    HandlerTimeout,
    SourceRestored,
    database,
    fault_of,
    is_broken,
    is_infrastructure,
    transaction,
)


@pytest_asyncio.fixture
async def pool(monitoring_urls: ServiceUrls) -> AsyncIterator[asyncpg.Pool]:
    async with await create_pool(monitoring_urls.worker, application="test", size=1) as pool:
        yield pool


@pytest.mark.parametrize(
    "error",
    [
        DatabaseAway(),
        BusUnavailable(),
        SourceRestored([]),
        FeedUnavailable(),
        ConnectionResetError(),
        MemoryError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.ReadOnlySQLTransactionError(),
        asyncpg.InvalidPasswordError(),
        asyncpg.InvalidCatalogNameError(),
        asyncpg.InvalidSchemaNameError(),
        asyncpg.SerializationError(),
        asyncpg.InsufficientPrivilegeError(),
        asyncpg.UndefinedColumnError(),
        asyncpg.UndefinedFunctionError(),
        asyncpg.UndefinedTableError(),
        asyncpg.TooManyConnectionsError(),
        asyncpg.LockNotAvailableError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.PostgresIOError(),
        asyncpg.ConfigFileError(),
        asyncpg.InternalServerError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_any_record_would_meet_is_nobody_s_fault(error: Exception) -> None:
    assert is_infrastructure(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        NotFound(),
        HandlerTimeout(),
        TimeoutError(),
        OSError(),
        asyncpg.UniqueViolationError(),
        asyncpg.CheckViolationError(),
        asyncpg.QueryCanceledError(),
        asyncpg.InvalidTextRepresentationError(),
        asyncpg.PostgresSyntaxError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_anything_else_is_the_records(error: Exception) -> None:
    assert not is_infrastructure(error)


async def test_a_server_the_driver_has_waited_for_in_vain_is_nobody_s_fault(pool: asyncpg.Pool) -> None:
    with pytest.raises(TimeoutError) as caught:
        await pool.execute("SELECT pg_sleep(5)", timeout=0.1)
    assert is_infrastructure(caught.value)


def raised(error: Exception) -> Exception:
    """The error, raised here."""
    try:
        raise error  # noqa: TRY301 - that is all
    except Exception as seen:  # noqa: BLE001 - whichever it is
        return seen


def test_a_fault_names_its_kind_and_place_and_quotes_nothing() -> None:
    assert fault_of(HandlerTimeout("a handler took more than 30 s")).detail == "a handler took more than 30 s"
    assert fault_of(HandlerTimeout()).reason == "HANDLER_TIMEOUT"
    refused, failed = fault_of(raised(NotFound())), fault_of(raised(ValueError("secret")))
    assert (refused.reason, failed.reason) == ("REFUSED", "HANDLER_FAILED")
    assert refused.detail.startswith("not_found at test_failure.py:")
    assert failed.detail.startswith("builtins.ValueError at test_failure.py:")
    assert failed.detail.endswith(" raised")
    assert fault_of(ValueError("secret")).detail == "builtins.ValueError at an unknown place"


async def test_a_refusal_of_the_database_names_what_it_is_about_and_no_value(pool: asyncpg.Pool) -> None:
    insert = "INSERT INTO place (id, version, scope, key) VALUES (gen_random_uuid(), $1, '{}', 'secret')"
    with pytest.raises(asyncpg.NotNullViolationError) as caught:
        await pool.execute(insert, None)
    fault = fault_of(caught.value)
    assert fault.reason == "DATABASE_REFUSED"
    # The innermost frame of ours, not of the driver.
    assert fault.detail.startswith("23502 place version at test_failure.py:")
    assert "secret" not in fault.detail
    with pytest.raises(asyncpg.DivisionByZeroError) as caught_too:
        await pool.execute("SELECT 1 / 0")
    assert fault_of(caught_too.value).detail.startswith("22012 at test_failure.py:")


def test_of_an_error_raised_by_a_library_the_frame_that_called_it_is_named() -> None:
    with pytest.raises(ArgumentError) as caught:
        make_url("no address")
    fault = fault_of(caught.value)
    assert fault.detail.startswith("sqlalchemy.exc.ArgumentError at test_failure.py:")
    inside = caught.value.with_traceback(caught.value.__traceback__ and caught.value.__traceback__.tb_next)
    assert " at url.py:" in fault_of(inside).detail  # where no frame is ours, the library's is better than none


@pytest.mark.parametrize(
    ("raised_error", "seen"),
    [
        (ConnectionResetError(), DatabaseAway),
        (TimeoutError(), DatabaseAway),
        (asyncpg.InterfaceError("gone"), DatabaseAway),
        (asyncpg.AdminShutdownError(), DatabaseAway),
        (asyncpg.UniqueViolationError(), asyncpg.UniqueViolationError),
        (ValueError(), ValueError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else type(value).__name__,
)
def test_what_a_database_that_is_away_raises_has_one_name(raised_error: Exception, seen: type[Exception]) -> None:
    with pytest.raises(seen), database():
        raise raised_error


async def in_transaction(pool: asyncpg.Pool, sql: str) -> None:
    async with transaction(pool) as connection:
        assert not is_broken(connection)
        await connection.execute(sql)


async def test_a_connection_that_broke_in_a_transaction_is_a_database_away(pool: asyncpg.Pool) -> None:
    with pytest.raises(DatabaseAway):
        await in_transaction(pool, "SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await in_transaction(pool, "SELECT 1 / 0")
    assert await pool.fetchval("SELECT 1") == 1  # both were given back


async def test_the_newest_epoch_told_of_each_source_is_kept() -> None:
    epochs = [("registry", "02"), ("registry", "03"), ("registry", "01"), ("licensing", "01")]
    restored = SourceRestored([_Told(source, epoch) for source, epoch in epochs])  # type: ignore[misc]  # that much of a Meta
    assert restored.epochs == {"registry": "03", "licensing": "01"}
    assert str(restored) == "waiting for the rebuild of licensing, registry"


class _Told:
    def __init__(self, source: str, epoch: str) -> None:
        self.source, self.epoch = source, epoch
