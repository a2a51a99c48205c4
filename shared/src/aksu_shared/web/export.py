"""Lists as files: `Accept: text/csv` or `application/x-ndjson` in place of a page of JSON.

CSV is RFC 4180, UTF-8 with a byte order mark (spreadsheets read Cyrillic right only with it), a header row, lists
joined by `;`. A text that a spreadsheet would take for a formula gets an apostrophe in front; so does what stands right
behind a `;` or a tab, because a spreadsheet set to Bulgarian may part cells there.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

JSON: Final = "application/json"
CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"

_FORMULA: Final = re.compile(r"^(?=[=+\-@＝＋－＠\t\r\n])|(?<=[;\t\r\n])(?=[=+\-@＝＋－＠])")
_ROWS_AT_ONCE: Final = 500

EXPORTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            CSV: {"schema": {"type": "string"}},
            NDJSON: {"schema": {"type": "string", "description": "one item per line"}},
        }
    }
}
"""For the `responses=` of a route that exports."""


def wanted(request: Request, *offered: str) -> str:
    """Which of the media types `Accept` rates best; the first one on a tie, or when it names none of them."""
    ratings = [_parse(part) for value in request.headers.getlist("accept") for part in value.split(",")]
    best, best_quality = offered[0], 0.0
    for media in offered:
        quality = _rating(media, ratings)
        if quality > best_quality:
            best, best_quality = media, quality
    return best


def _parse(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    try:
        return media, float(quality)
    except ValueError:
        return media, 0.0


def _rating(media: str, ratings: Sequence[tuple[str, float]]) -> float:
    """The most exact entry decides: the type itself before `text/*` before `*/*`."""
    known = dict(reversed(ratings))
    for name in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if name in known:
            return known[name]
    return 0.0


def export_response(lines: bytes, media: str, *, columns: Sequence[str], name: str) -> Response:
    """The items of NDJSON `lines` as a file `name`, without extension, of the media type CSV or NDJSON."""
    extension = "csv" if media == CSV else "ndjson"
    headers = {"Vary": "Accept, Authorization", "Content-Disposition": f'attachment; filename="{name}.{extension}"'}
    if media == NDJSON:
        return Response(lines, headers=headers, media_type=media)
    items = (json.loads(line) for line in lines.splitlines())
    chunks = iterate_in_threadpool(csv_chunks(columns, items))
    return StreamingResponse(chunks, headers=headers, media_type=f"{CSV}; charset=utf-8; header=present")


def csv_chunks(columns: Sequence[str], items: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Rows of `columns` in portions; an item lacks none of them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(columns)
    for number, item in enumerate(items, 1):
        writer.writerow([_cell(item[column]) for column in columns])
        if number % _ROWS_AT_ONCE == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    portion = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return portion


def _cell(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        value = ";".join(str(each) for each in value)
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False)
    return _FORMULA.sub("'", value) if isinstance(value, str) else value
