"""A batch is settled at once, else by halves until the item at fault is alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from aksu_shared.worker.failure import DatabaseAway
from aksu_shared.worker.settling import Settling


@dataclass
class Desk:
    """Applies numbers and notes what was asked of it; those in `bad` fail, `times` often."""

    bad: dict[int, int] = field(default_factory=dict)
    applied: list[int] = field(default_factory=list)
    parked: list[tuple[int, str]] = field(default_factory=list)
    tries: int = 0
    moved: int = 0

    async def apply(self, items: Sequence[int]) -> list[int]:
        self.tries += 1
        for item in items:
            if self.bad.get(item, 0):
                self.bad[item] -= 1
                raise ValueError(item)
        self.applied += items
        return list(items)

    async def park(self, item: int, error: Exception) -> list[int]:
        self.parked.append((item, str(error)))
        return []

    def tell(self) -> None:
        self.moved += 1

    def settling(self, *pauses: float) -> Settling[int, list[int]]:
        return Settling(name="desk", apply=self.apply, park=self.park, pauses=lambda _: pauses, moved=self.tell)


ALWAYS = 1_000


async def test_a_sound_batch_is_one_transaction() -> None:
    desk = Desk()
    assert await desk.settling().settle(range(100)) == [list(range(100))]
    assert (desk.tries, desk.moved) == (1, 1)


async def test_nothing_is_settled_without_asking_anybody() -> None:
    desk = Desk()
    assert await desk.settling().settle([]) == []
    assert (desk.tries, desk.moved) == (0, 0)


@pytest.mark.parametrize("bad", [[0], [50], [99], [0, 1], [3, 60, 99]])
async def test_what_is_at_fault_is_found_and_parked_and_all_else_applied_in_order(bad: list[int]) -> None:
    desk = Desk(bad=dict.fromkeys(bad, ALWAYS))
    done = await desk.settling().settle(range(100))
    assert desk.parked == [(item, str(item)) for item in bad]
    assert desk.applied == [item for item in range(100) if item not in bad]
    assert [item for each in done for item in each] == desk.applied
    assert desk.tries <= 2 * 7 * len(bad) + 1
    assert desk.moved == desk.tries  # each step is told, a cut and a parking too


async def test_an_item_alone_is_tried_again_before_it_is_parked() -> None:
    desk = Desk(bad={1: 3, 2: ALWAYS})
    await desk.settling(0, 0).settle([1, 2])
    assert desk.applied == [1]
    assert desk.parked == [(2, "2")]


async def test_the_pauses_are_those_of_the_first_failure_and_the_last_one_is_the_reason() -> None:
    errors = iter([ValueError("first"), KeyError("second"), KeyError("third")])
    reasons: list[str] = []

    async def apply(_: Sequence[int]) -> None:
        raise next(errors)

    async def park(_: int, error: Exception) -> None:
        reasons.append(repr(error))

    settling = Settling(
        name="desk", apply=apply, park=park, pauses=lambda error: (0, 0) if isinstance(error, ValueError) else ()
    )
    await settling.settle([1])
    assert reasons == ["KeyError('third')"]


@pytest.mark.parametrize("before", [[], [ValueError()], [ValueError(), ValueError()]], ids=["whole", "half", "again"])
async def test_a_database_that_is_away_parks_nothing(before: list[Exception]) -> None:
    errors = iter([*before, DatabaseAway()])

    async def apply(_: Sequence[int]) -> None:
        raise next(errors)

    async def park(_: int, __: Exception) -> None:
        raise AssertionError("parked")

    with pytest.raises(DatabaseAway):
        await Settling(name="desk", apply=apply, park=park, pauses=lambda _: (0, 0)).settle([1, 2])
