"""The wire of a push: what became of its events."""

from aksu_shared.kernel.schemas.base import Resource


class ItemError(Resource):
    """One bad field of a pushed event; `pointer` as in problems, into the request's body."""

    pointer: str
    code: str
    message: str


class ItemResult(Resource):
    """What became of one pushed event. `result` is of code list ingest_results.

    `errors` are its first faults, fewer where many events are refused; `more_errors` says how many there are besides.
    `id` and `source` of what is not stored are null also where they are longer than any sensible one.
    """

    index: int
    id: str | None
    source: str | None
    result: str
    errors: tuple[ItemError, ...] = ()
    more_errors: int = 0


class PushReport(Resource):
    """Results of all events of a request, in their order."""

    dry_run: bool
    accepted: int
    duplicate: int
    refused: int
    items: list[ItemResult]
