"""Statements of lists, compiled once for each way a list is asked, and for no more ways than are worth it."""

from itertools import combinations, islice
from typing import Any

from sqlalchemy import Column, MetaData, Table, Text, bindparam, select

from aksu_shared.db import reads
from aksu_shared.db.reads import Page, Reads

FILTERS = [f"f{number}" for number in range(14)]


class Answering:
    """A pool that answers anything with an empty page, and tells what it was asked last."""

    def __init__(self) -> None:
        self.asked = ""

    async def fetchrow(self, sql: str, *_: Any) -> tuple[str]:
        self.asked = sql
        return ("{}",)


def parts_of(name: str) -> dict[str, Any]:
    columns = Table(name, MetaData(), Column("id", Text), *(Column(each, Text) for each in FILTERS)).c
    return {
        "columns": select(columns.id),
        "filters": {each: columns[each] == bindparam(each) for each in FILTERS},
        "sorts": {"id": (columns.id,)},
    }


async def test_however_a_list_is_filtered_what_is_remembered_of_it_stays_bounded() -> None:
    pool = Answering()
    page, hot = Page(**parts_of("thing")), Reads(pool, frozenset())
    ways = islice((chosen for size in range(15) for chosen in combinations(FILTERS, size)), 1_100)
    for chosen in ways:
        await hot.page(page, scope="public", sort="id", limit=1, **dict.fromkeys(chosen, "x"))
        assert all(f"thing.{name} = " in pool.asked for name in chosen)
        await hot.lines(page, scope="public", sort="-id", **dict.fromkeys(chosen, "x"))
    for cached in (reads._compiled_page, reads._compiled_lines, reads._one_sql):
        size = cached.cache_info()
        assert size.maxsize is not None
        assert size.currsize <= size.maxsize <= 1_000
    held = [value for value in vars(hot).values() if isinstance(value, dict | list | set)]
    assert held == []  # nor does the object that runs them


async def test_a_page_that_takes_the_place_of_another_in_memory_is_not_taken_for_it() -> None:
    pool = Answering()
    hot = Reads(pool, frozenset())
    all_parts = [parts_of(f"thing_{number}") for number in range(40)]
    for number, parts in enumerate(all_parts):
        page = Page(**parts)
        await hot.page(page, scope="public", sort="id", limit=1)
        assert f"FROM thing_{number} " in pool.asked.replace("\n", " ") + " "
        del page
