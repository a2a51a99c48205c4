"""The rules of a pushed inspection, on facts alone."""

from hypothesis import given
from hypothesis import strategies as st

from aksu_monitoring.ingest.applying.rules import OUTCOME_STATES, closed_state
from aksu_monitoring.ingest.staging.rules import Waiting, missing, next_in_turn
from aksu_monitoring.inspections.machine import INSPECTION_MACHINE
from aksu_shared.kernel.codelists import CODELISTS


def test_every_outcome_means_a_state_that_the_machine_reaches_from_work_at_the_place() -> None:
    assert OUTCOME_STATES.keys() == CODELISTS["inspection_outcomes"].keys()
    reached: set[str] = set()
    frontier = ["IN_PROGRESS"]
    while frontier:
        state = frontier.pop()
        new = {row.target for row in INSPECTION_MACHINE.transitions if state in row.sources} - reached
        reached |= new
        frontier += new
    assert {closed_state(outcome, prescriptions=n) for outcome in OUTCOME_STATES for n in (0, 1)} <= reached


@given(applied=st.integers(0, 5), received=st.sets(st.integers(1, 30)))
def test_what_is_in_turn_what_is_missing_and_what_is_held_are_all_there_is(applied: int, received: set[int]) -> None:
    later = {sequence for sequence in received if sequence > applied}
    turn = [each.sequence for each in next_in_turn(applied, [Waiting(sequence=s) for s in later])]
    assert turn == list(range(applied + 1, applied + 1 + len(turn)))
    shown, number = missing(applied, sorted(later))
    assert number == len(shown)
    assert set(shown).isdisjoint(later)
    if later:
        assert set(shown) | later == set(range(applied + 1, max(later) + 1))
    assert turn or not later or applied + 1 in shown


def test_nothing_passes_a_quarantined_event() -> None:
    waiting = [Waiting(sequence=1), Waiting(sequence=2, quarantined=True), Waiting(sequence=3)]
    assert [each.sequence for each in next_in_turn(0, waiting)] == [1]
