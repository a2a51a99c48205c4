"""The search for canaries finds them where they are: a search that cannot fail would prove nothing."""

from pathlib import Path
from random import Random
from urllib.parse import quote

import asyncpg
import pytest
from canary import Canaries, egn, in_database, in_files, marked

from aksu_local.served import Serve


@pytest.fixture
def canaries() -> Canaries:
    return Canaries(Random(7))  # noqa: S311 - no secret


def test_made_numbers_are_valid_ones() -> None:
    for seed in range(200):
        digits = [int(digit) for digit in egn(Random(seed))]  # noqa: S311
        weights = (2, 4, 8, 5, 10, 9, 7, 3, 6)
        assert digits[9] == sum(digit * weight for digit, weight in zip(digits[:9], weights, strict=True)) % 11 % 10


def test_a_canary_is_found_in_every_writing(canaries: Canaries) -> None:
    name = canaries.name("x")
    first, _ = name.split()
    for text in (
        f"…{name}…", f"?q={quote(name)}", f"?q={quote(first).lower()}", ascii(name), name.encode().hex(), name.upper(),
        name.encode().decode("latin-1"), f"само {first}", name.encode("unicode_escape").decode(),
    ):  # fmt: skip
        assert canaries.found(text) == {"x"}, text
    assert canaries.found("Иван Петров 8001010008") == set()


def test_each_number_and_address_is_found(canaries: Canaries) -> None:
    for value in (canaries.egn("a"), canaries.phone("a"), canaries.email("a")):
        assert canaries.found(f"x{value}y") == {"a"}


async def test_a_planted_hit_is_found_in_any_column_of_any_table(serve: Serve, canaries: Canaries) -> None:
    served = await serve("licensing")
    name, number = canaries.name("text"), canaries.egn("bytes")
    assert await in_database(served.urls.owner, canaries) == set()
    owner = await asyncpg.connect(served.urls.owner)
    await owner.execute("CREATE TABLE hiding (a text, b bytea, c jsonb, d text[])")
    for column, value, place in (
        ("a", name, "text"), ("b", number.encode(), "bytes"), ("c", {"deep": [name]}, "text"), ("d", [number], "bytes"),
    ):  # fmt: skip
        await owner.execute("TRUNCATE hiding")
        given = '{"deep": ["' + name + '"]}' if column == "c" else value
        await owner.execute(f"INSERT INTO hiding ({column}) VALUES ($1)", given)
        (hit,) = await in_database(served.urls.owner, canaries)
        assert hit.endswith(f" public.hiding: {place}")
    await owner.close()


def test_a_planted_hit_is_found_in_a_log(tmp_path: Path, canaries: Canaries) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "x.log").write_text(f'{{"path": "/v1/{quote(canaries.name("path"))}"}}\n')
    assert in_files(tmp_path, canaries, names=["*.log"]) == {"x.log: path"}


def test_every_text_of_a_marked_body_is_a_canary(canaries: Canaries) -> None:
    body = marked({"a": "x", "b": [{"c": "y"}], "n": 1}, canaries, "p")
    assert canaries.found(str(body)) == {"p"}
    assert "x" not in body.values()
    assert len(canaries.planted) == 4
