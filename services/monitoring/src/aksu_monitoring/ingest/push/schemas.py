"""The wire of a push: what became of its events."""

from aksu_shared.kernel.schemas.base import Resource


class ItemError(Resource):
    """One bad field of a pushed event; `pointer` as in problems, into the request's body."""

    pointer: str
    code: str
    message: str


class ItemResult(Resource):
    """What became of one pushed event. `result` is of code list ingest_results."""

    index: int
    id: str | None
    source: str | None
    result: str
    errors: tuple[ItemError, ...] = ()


class PushReport(Resource):
    """Results of all events of a request, in their order."""

    dry_run: bool
    accepted: int
    duplicate: int
    refused: int
    items: list[ItemResult]
