"""Which parameters may repeat is told by their types, as FastAPI tells it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import Field

from aksu_shared.web.parameters import repeatable


@pytest.mark.parametrize(
    "annotation",
    [
        list[str],
        tuple[int, ...],
        frozenset[UUID],
        Sequence[str],
        tuple[str, ...] | None,
        Annotated[list[str], Field(max_length=3)] | None,
        list,
    ],
)
def test_a_collection_of_values_may_repeat(annotation: Any) -> None:
    assert repeatable(annotation)


@pytest.mark.parametrize(
    "annotation", [str, bytes, int, UUID, str | None, Literal["a", "b"] | None, Annotated[str, Field()], dict[str, int]]
)
def test_a_single_value_may_not(annotation: Any) -> None:
    assert not repeatable(annotation)
