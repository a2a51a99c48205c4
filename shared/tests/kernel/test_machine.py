"""State machines as data."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_shared.kernel.errors import IllegalTransition, Text
from aksu_shared.kernel.machine import Machine, SamePerson, Transition

STATES = {name: Text(f"състояние {name}", f"state {name}") for name in ("DRAFT", "PROPOSED", "GRANTED", "CLOSED")}


def step(
    name: str,
    sources: Sequence[str],
    target: str,
    *,
    action: str = "thing.change",
    needs: tuple[str, ...] = (),
    guard: str | None = None,
    four_eyes: str | None = None,
) -> Transition:
    return Transition(
        name=name,
        sources=tuple(sources),
        target=target,
        action=action,
        needs=needs,
        guard=guard,
        four_eyes=four_eyes,
        legal_basis="чл. 151 ЗСУ",
        text=Text(f"преход {name}", f"step {name}"),
    )


def machine(*extra: Transition, states: dict[str, Text] | None = None, initial: str = "DRAFT") -> Machine:
    steps = (
        step("propose", ["DRAFT"], "PROPOSED"),
        step("grant", ["PROPOSED"], "GRANTED", action="thing.decide", needs=("order",), four_eyes="propose"),
        step("close", ["DRAFT", "GRANTED"], "CLOSED", guard="is_old"),
    )
    return Machine(name="thing", initial=initial, states=states or STATES, transitions=(*steps, *extra))


def test_a_legal_transition_gives_its_row() -> None:
    row = machine().leads("PROPOSED", "grant")
    assert (row.target, row.action, row.needs) == ("GRANTED", "thing.decide", ("order",))


def test_an_illegal_transition_names_the_legal_ones() -> None:
    with pytest.raises(IllegalTransition) as raised:
        machine().leads("DRAFT", "grant")
    problem = raised.value.render("bg")
    assert problem["status"] == 409
    assert problem["legal_transitions"] == ["propose", "close"]
    assert problem["title"] == "От състояние „DRAFT“ не може „grant“. Възможни са: propose, close."


def test_from_a_final_state_nothing_is_legal() -> None:
    with pytest.raises(IllegalTransition) as raised:
        machine().leads("CLOSED", "propose")
    assert raised.value.params["legal_transitions"] == []


def test_four_eyes_refuse_the_person_who_proposed() -> None:
    row = machine().leads("PROPOSED", "grant")
    with pytest.raises(SamePerson, match="grant") as raised:
        row.check_actor("иван", done_by={"propose": "иван"})
    assert raised.value.render("bg")["legal_basis"] == row.legal_basis
    row.check_actor("мария", done_by={"propose": "иван"})


def test_missing_inputs_are_named() -> None:
    row = machine().leads("PROPOSED", "grant")
    assert row.missing({"reason"}) == ("order",)
    assert row.missing({"order"}) == ()


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        (step("lose", ["DRAFT"], "NOWHERE"), "unknown states"),
        (step("find", ["NOWHERE"], "DRAFT"), "unknown states"),
        (step("propose", ["DRAFT", "GRANTED"], "CLOSED"), "same name"),
        (step("undo", ["GRANTED"], "DRAFT", four_eyes="nothing"), "no earlier transition"),
        (step("undo", ["GRANTED"], "DRAFT", four_eyes="undo"), "no earlier transition"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(extra: Transition, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        machine(extra)


def test_a_state_that_cannot_be_reached_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unreachable states \['LOST'\]"):
        machine(states=STATES | {"LOST": Text("загубено", "lost")})


def test_an_unknown_initial_state_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown states"):
        machine(initial="NOWHERE")


def test_the_diagram_shows_every_state_and_transition_in_the_language_asked_for() -> None:
    diagram = machine().mermaid("bg")
    assert diagram.startswith("stateDiagram-v2\n    [*] --> DRAFT\n")
    assert "    PROPOSED --> GRANTED: преход grant\n" in diagram
    assert "    CLOSED --> [*]\n" in diagram
    assert "    DRAFT: state DRAFT\n" in machine().mermaid("en")


@given(names=st.lists(st.sampled_from(["propose", "grant", "close", "annul"]), max_size=12))
def test_whatever_is_tried_a_thing_moves_only_along_its_table(names: list[str]) -> None:
    thing = machine()
    state = thing.initial
    for name in names:
        legal = thing.legal(state)
        try:
            row = thing.leads(state, name)
        except IllegalTransition:
            assert name not in legal
            continue
        assert name in legal
        assert state in row.sources
        state = row.target
    assert state in thing.states
