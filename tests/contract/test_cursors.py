"""A cursor is a page's own, or is refused: whatever stands in its place, in every list of every service."""

import base64
import json
import pkgutil
from collections.abc import AsyncIterator, Iterator, Sequence
from importlib import import_module
from itertools import product
from typing import Any, Final

import pytest
import pytest_asyncio

from aksu_local.databases import SERVICES
from aksu_local.served import SCHEMAS
from aksu_local.templates import Databases
from aksu_shared.db import cursor
from aksu_shared.db.pool import create_pool
from aksu_shared.db.reads import Page, Reads
from aksu_shared.kernel.errors import Malformed

_EDGE: Final = tuple(f"aksu_shared.operations.{name}" for name in ("audit", "dead_letters", "vanished"))

ODD: Final[Sequence[Any]] = (
    None, True, 0, -1, 5, 2**15, 2**31, 2**63 - 1, 2**63, 10**30, 0.5, 1e308, float("inf"), float("nan"), "",
    "x", "\x00", "a\x00", "\ud800", "\udfff\ud800", "\N{GRINNING FACE}", "x" * 500, "5", "infinity", "-infinity",
    "2026-01-01", "0000-00-00", "9999-12-31", "10000-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00",
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-01-01T25:00:00Z", "2026-W01-1",
    "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "urn:uuid:" + "0" * 32, "0" * 33,
    [], {}, [[]], {"a": 1},
)  # fmt: skip
"""Values that some column holds, and that none does."""

SHAPES: Final[Sequence[str]] = (
    "", "=", "====", "x", "%", "а", "\ud800", "\x00", "A" * 1000, "bnVsbA", "W10", "e30", "NQ", "Ilx1ZDgwMCI",
    base64.urlsafe_b64encode(b"[" * 700).decode(),
    base64.urlsafe_b64encode(b'{"id":1,"id":2}').decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    base64.urlsafe_b64encode(b"[NaN,Infinity]").decode(),
)  # fmt: skip


def written(values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def cursors(sort: str, keys: int) -> Iterator[str]:
    """Of every shape: too few and too many values, each odd value in each place, of another sorting, of none."""
    yield from SHAPES
    yield from (written([sort, *["x"] * number]) for number in range(keys + 3))
    yield written([f"{sort}x", *["x"] * keys])
    yield from (written([odd, *["x"] * keys]) for odd in ODD)
    for odd, place in product(ODD, range(keys)):
        for other in ("00000000-0000-0000-0000-000000000000", "2026-01-01", "x", 1):
            values = [other] * keys
            values[place] = odd
            yield written([sort, *values])
    yield from (written([sort, *[odd] * keys]) for odd in ODD)


def lists(service: str) -> dict[str, Page]:
    """Every list of a service, by where it stands."""
    package = import_module(f"aksu_{service}")
    inside = (each.name for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))
    modules = [*(name for name in inside if ".migrations" not in name), *_EDGE]
    return {
        f"{name}.{key}": value
        for name in modules
        for key, value in vars(import_module(name)).items()
        if isinstance(value, Page)
    }


@pytest_asyncio.fixture(params=SERVICES)
async def reads(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[tuple[str, Reads]]:
    urls = await databases.service(request.param, prepare=SCHEMAS[request.param])
    async with await create_pool(urls.worker, application="test", size=1) as pool:
        yield request.param, await Reads.of(pool)


async def test_whatever_is_sent_for_a_cursor_is_refused_or_read(reads: tuple[str, Reads]) -> None:
    service, asked = reads
    wrong, refused, read = [], 0, 0
    found = lists(service)
    assert len(found) > len(_EDGE)
    for name, page in found.items():
        for sort, keys in page.sorts.items():
            for sent in dict.fromkeys(cursors(sort, len(keys))):
                try:
                    await asked.page(page, scope="public", sort=sort, limit=1, cursor=sent)
                    read += 1
                except Malformed:
                    refused += 1
                except Exception as error:  # noqa: BLE001 - that there is none is what is tested
                    wrong.append(f"{name} by {sort}: {sent!r}: {type(error).__name__}")
    assert wrong == []
    assert refused > read > 0  # some of the odd values are such as a column holds


@pytest.mark.parametrize("service", SERVICES)
def test_every_sorting_is_by_types_of_which_a_cursor_is_read(service: str) -> None:
    types = {key.type.python_type for page in lists(service).values() for keys in page.sorts.values() for key in keys}  # type: ignore[attr-defined]  # every column has one
    assert types <= cursor._READ.keys()
