"""The report of an import, as callers get it."""

from typing import Annotated, Any

from pydantic import Field

from aksu_shared.kernel.schemas.base import Resource
from aksu_shared.kernel.schemas.codes import Code


class RowResult(Resource):
    """What became of one row of an imported workbook. `row` is its number on the sheet, from 1."""

    row: int
    result: Annotated[str, Code("import_results")]
    provider: str | None = None
    service: str | None = None
    licence: str | None = None
    errors: list[dict[str, Any]] = Field(default_factory=list)


class ImportReport(Resource):
    """What an import did, or with `dry_run` would do: counts by result and a result for every row."""

    dry_run: bool
    file: str
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    results: list[RowResult]
