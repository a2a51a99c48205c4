"""The edge of an import: a file in, chunks of rows in transactions of their own, a result for every row out.

A kill between two chunks leaves whole chunks; the same file run again finds them and goes on.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from pathlib import Path

from aksu_registry.factory import Factory
from aksu_registry.schemas import ImportReport
from aksu_registry.schemas import RowResult as RowReport
from aksu_shared import territory
from aksu_shared.auth.principal import Principal
from aksu_shared.errors import Language
from aksu_shared.register import ReadRow, RowResult, read_register
from aksu_shared.terms import load_terms
from aksu_shared.web.commands import CommandEdge

CHUNK = 200

Progress = Callable[[int, int], None]
"""Called with (rows done, rows in all)."""


async def import_register(
    edge: CommandEdge[Factory],
    source: Path | bytes,
    *,
    name: str,
    by: Principal,
    dry_run: bool,
    language: Language = "bg",
    progress: Progress = lambda _done, _total: None,
) -> ImportReport:
    """Import the workbook `source`. Raises a Problem when the file as a whole is refused."""
    file = await asyncio.to_thread(
        read_register, source, territory=territory.load(), terms=load_terms(), today=edge.clock.today()
    )
    reports: list[RowReport] = []
    async for results in _results(edge, iter(file), by, dry_run=dry_run):
        reports += [_report(read, result, language) for read, result in results]
        progress(len(reports), file.total)
    return _summary(reports, name=name, dry_run=dry_run)


Results = list[tuple[ReadRow, RowResult]]


async def _results(
    edge: CommandEdge[Factory], rows: Iterator[ReadRow], by: Principal, *, dry_run: bool
) -> AsyncIterator[Results]:
    """Results chunk by chunk: each chunk its own transaction, or for a dry run all in one that is rolled back."""
    if dry_run:
        async with edge.work(by, commit=False) as work:
            while chunk := await asyncio.to_thread(_take, rows):
                results = await edge.factory(work).imports().rows(chunk)
                await work.flush()
                yield results
        return
    while chunk := await asyncio.to_thread(_take, rows):
        async with edge.work(by) as work:
            results = await edge.factory(work).imports().rows(chunk)
        yield results


def _take(rows: Iterator[ReadRow]) -> list[ReadRow]:
    return list(islice(rows, CHUNK))


def _report(read: ReadRow, result: RowResult, language: Language) -> RowReport:
    row = read.row
    return RowReport(
        row=read.number,
        result=result.name,
        provider=row.provider.name if row else None,
        service=row.service if row else None,
        licence=row.original.number if row else None,
        errors=[error.at(read.number).render(language) | {"column": error.column} for error in read.errors],
    )


def _summary(reports: list[RowReport], *, name: str, dry_run: bool) -> ImportReport:
    count = Counter(report.result for report in reports)
    return ImportReport(
        dry_run=dry_run,
        file=name,
        rows=len(reports),
        created=count["CREATED"],
        updated=count["UPDATED"],
        unchanged=count["UNCHANGED"],
        refused=count["REFUSED"],
        results=reports,
    )
