"""What the base classes of the wire let through."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from aksu_shared.kernel.schemas.base import Body, Filters, Resource
from aksu_shared.kernel.schemas.codes import Line, Note


class Kind(StrEnum):
    HOME = "HOME"


class Inner(Body):
    number: int


class Given(Body):
    number: int = Field(default=1, ge=0)
    flag: bool | None = None
    share: float = 0.0
    day: date | None = None
    instants: tuple[datetime, ...] = ()
    inner: Inner | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    kind: Kind = Kind.HOME
    amount: Decimal = Decimal(0)
    id: UUID | None = None


class Query(Filters):
    number: int = 0
    day: date | None = None


def test_json_values_of_the_right_type_are_read() -> None:
    body = Given.model_validate(
        {
            "number": 5,
            "flag": True,
            "share": 1,
            "day": "2025-03-31",
            "instants": ["2025-03-31T09:00:00+02:00"],
            "inner": {"number": 1},
            "counts": {"a": 1},
            "kind": "HOME",
            "amount": "12.50",
            "id": "0192f0c0-0000-7000-8000-000000000000",
        }
    )
    assert (body.day, body.amount, body.share) == (date(2025, 3, 31), Decimal("12.50"), 1.0)
    assert body.instants[0] == datetime(2025, 3, 31, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"number": "5"}, "int_type"),
        ({"number": True}, "int_type"),
        ({"number": 5.0}, "int_type"),
        ({"flag": 1}, "bool_type"),
        ({"flag": "true"}, "bool_type"),
        ({"share": "0.5"}, "float_type"),
        ({"day": "20250331"}, "iso_date"),
        ({"day": 1743379200}, "iso_date"),
        ({"day": "-1743379200"}, "iso_date"),
        ({"instants": ["1743379200"]}, "iso_date"),
        ({"instants": ["2025-03-31T09:00:00"]}, "timezone_aware"),
        ({"inner": {"number": "1"}}, "int_type"),
        ({"counts": {"a": "1"}}, "int_type"),
        ({"amount": "1_0"}, "decimal_parsing"),
        ({"amount": "١"}, "decimal_parsing"),
        ({"amount": "NaN"}, "decimal_parsing"),
        ({"kind": "OTHER"}, "enum"),
        ({"other": 1}, "extra_forbidden"),
        ({"number": -1}, "greater_than_equal"),
    ],
)
def test_nothing_is_guessed_from_another_type(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Given.model_validate(fields)
    assert [error["type"] for error in caught.value.errors()] == [code]


def test_commands_and_answers_cannot_be_changed() -> None:
    class Answer(Resource):
        name: str

    for model in (Given(), Answer(name="x")):
        with pytest.raises(ValidationError):
            model.name = "y"  # type: ignore[union-attr, misc]


def test_filters_read_numbers_from_text_and_dates_from_iso_text_only() -> None:
    assert Query.model_validate({"number": "5", "day": "2025-03-31"}).number == 5
    with pytest.raises(ValidationError):
        Query.model_validate({"day": "20250331"})
    with pytest.raises(ValidationError):
        Query.model_validate({"unknown": "1"})


def test_the_json_schema_is_that_of_the_plain_types() -> None:
    properties = Given.model_json_schema()["properties"]
    assert properties["day"]["anyOf"][0] == {"format": "date", "type": "string"}
    assert properties["number"] == {"default": 1, "minimum": 0, "title": "Number", "type": "integer"}


class Sample(Body):
    """One of each that stands behind a guard."""

    name: Line
    note: Note
    on: date
    names: Annotated[list[Line], Field(max_length=3)]


def test_a_body_is_guarded_once_however_often_its_schema_is_asked_for() -> None:
    def guards() -> int:
        described = repr(TypeAdapter(Annotated[Sample, Field(description="as a route has it")]).core_schema)
        return described.count("function-before") + described.count("function-after")

    first = guards()
    assert first >= 5
    assert {guards() for _ in range(5)} == {first}
