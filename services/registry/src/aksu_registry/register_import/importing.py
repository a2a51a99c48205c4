"""The edge of an import: a file in, chunks of rows in transactions of their own, a result for every row out.

A kill between two chunks leaves whole chunks; the same file run again finds them and goes on.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from pathlib import Path

from aksu_registry.register_import.columns import REGISTER
from aksu_registry.register_import.file import ReadRow, read_register
from aksu_registry.register_import.schemas import ImportReport, RowResult
from aksu_registry.register_import.service import ImportService, RowOutcome
from aksu_shared.auth.principal import Principal
from aksu_shared.kernel import territory
from aksu_shared.kernel.errors import Language
from aksu_shared.web.commands import CommandEdge

CHUNK = 200

Progress = Callable[[int, int], None]
"""Called with (rows done, rows in all)."""


async def import_register(
    edge: CommandEdge,
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
        read_register, source, territory=territory.load(), terms=edge.terms, today=edge.clock.today()
    )
    results: list[RowResult] = []
    async for outcomes in _outcomes(edge, iter(file), by, dry_run=dry_run):
        results += [_result(read, outcome, language) for read, outcome in outcomes]
        progress(len(results), file.total)
    return _report(results, name=name, dry_run=dry_run)


Outcomes = list[tuple[ReadRow, RowOutcome]]


async def _outcomes(
    edge: CommandEdge, rows: Iterator[ReadRow], by: Principal, *, dry_run: bool
) -> AsyncIterator[Outcomes]:
    """Outcomes chunk by chunk: each chunk its own transaction, or for a dry run all in one that is rolled back."""
    if dry_run:
        async with edge.work(by, commit=False) as work:
            while chunk := await asyncio.to_thread(_take, rows):
                outcomes = await ImportService(edge.context(work)).rows(chunk)
                await work.flush()
                yield outcomes
        return
    while chunk := await asyncio.to_thread(_take, rows):
        async with edge.work(by) as work:
            outcomes = await ImportService(edge.context(work)).rows(chunk)
        yield outcomes


def _take(rows: Iterator[ReadRow]) -> list[ReadRow]:
    return list(islice(rows, CHUNK))


def _result(read: ReadRow, outcome: RowOutcome, language: Language) -> RowResult:
    row = read.row
    return RowResult(
        row=read.number,
        result=outcome.name,
        provider=row.provider.name if row else None,
        service=row.service if row else None,
        licence=row.original.number if row else None,
        errors=[error.at(read.number, REGISTER).render(language) | {"column": error.column} for error in read.errors],
    )


def _report(results: list[RowResult], *, name: str, dry_run: bool) -> ImportReport:
    count = Counter(result.result for result in results)
    return ImportReport(
        dry_run=dry_run,
        file=name,
        rows=len(results),
        created=count["CREATED"],
        updated=count["UPDATED"],
        unchanged=count["UNCHANGED"],
        refused=count["REFUSED"],
        results=results,
    )
