"""Lists as files."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse

from aksu_shared.web.export import CSV, JSON, NDJSON, csv_chunks, export_response, wanted


def request(*accept: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept", value.encode()) for value in accept]})


def read(columns: list[str], *items: dict[str, Any]) -> list[list[str]]:
    text = b"".join(csv_chunks(columns, iter(items))).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ((), JSON),
        (("*/*",), JSON),
        (("text/csv",), CSV),
        (("TEXT/CSV; q=0.9, application/json; q=0.1",), CSV),
        (("application/x-ndjson, */*;q=0.5",), NDJSON),
        (("application/json;q=0.2", "text/*;q=0.8"), CSV),
        (("text/html, application/xhtml+xml, */*;q=0.8",), JSON),
        (("text/csv;q=0, */*;q=0.1",), JSON),
        (("image/png",), JSON),
        (("text/csv;q=nonsense",), JSON),
        (("text/csv;q=nan, application/json",), JSON),
        ((",;=",), JSON),
    ],
)
def test_the_best_rated_type_is_chosen_and_json_when_none_is(accept: tuple[str, ...], media: str) -> None:
    assert wanted(request(*accept), JSON, CSV, NDJSON) == media


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_a_spreadsheet_would_run_gets_an_apostrophe(first: str) -> None:
    assert read(["a"], {"a": f"{first}1+1"})[1] == [f"'{first}1+1"]


def test_numbers_stay_numbers_and_nothing_is_an_empty_cell() -> None:
    item = {"a": -5, "b": 0.25, "c": None, "d": True, "e": ["x", "y"], "f": "", "g": ["=x"]}
    assert read([*item], item)[1] == ["-5", "0.25", "", "true", "x;y", "", "'=x"]


def test_a_cell_keeps_quotes_commas_lines_and_cyrillic() -> None:
    text = 'Дом „Надежда“, ет. 2\r\n"А"'
    assert read(["име"], {"име": text}) == [["име"], [text]]


def test_a_long_list_comes_in_portions_and_begins_with_the_mark_of_utf_8_once() -> None:
    chunks = list(csv_chunks(["n"], ({"n": n} for n in range(1001))))
    assert len(chunks) == 3
    assert b"".join(chunks).startswith(b"\xef\xbb\xbfn\r\n0\r\n")
    assert b"".join(chunks).count(b"\xef\xbb\xbf") == 1


async def test_a_file_says_what_it_is() -> None:
    lines = b'{"a":1}\n{"a":2}\n'
    table = export_response(lines, CSV, columns=["a"], name="services")
    assert table.headers["Content-Disposition"] == 'attachment; filename="services.csv"'
    assert isinstance(table, StreamingResponse)
    body = b"".join([bytes(chunk) async for chunk in table.body_iterator])  # type: ignore[arg-type]
    assert body.decode("utf-8-sig") == "a\r\n1\r\n2\r\n"
    assert export_response(lines, NDJSON, columns=["a"], name="services").body == lines


def test_an_empty_list_is_a_header_alone() -> None:
    def nothing() -> Iterator[dict[str, Any]]:
        yield from ()

    assert read(["a"], *nothing()) == [["a"]]
