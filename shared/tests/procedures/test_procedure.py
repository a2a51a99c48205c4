"""The table of steps of a procedure: what it refuses to be made of, and which verbs it offers."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from aksu_shared.events.base import Event, State
from aksu_shared.kernel.errors import Text
from aksu_shared.kernel.machine import SYSTEM, Machine, Transition
from aksu_shared.procedures.steps import NoBody, Offer, Procedure, Step

_TODAY = date(2026, 12, 1)


class CaseState(State):
    state: str
    proposed_by: str | None = None


class CaseEvent(Event[CaseState], aggregate="registry.test_case"):
    pass


class CaseAdvanced(CaseEvent):
    pass


class Reasoned(NoBody):
    reason: str


def _row(name: str, source: str, target: str, **more: Any) -> Transition:
    given: dict[str, Any] = {"action": f"registry.test_case.{name}", "legal_basis": "чл. 1", "text": Text("а", "a")}
    given |= more
    return Transition(name=name, sources=(source,), target=target, **given)


def _machine(*rows: Transition) -> Machine:
    states = {state for row in rows for state in (*row.sources, row.target)}
    return Machine(name="test_case", initial="OPEN", states={s: Text(s, s) for s in states}, transitions=rows)


def _whose(_state: CaseState) -> Mapping[str, Any]:
    return {}


def _procedure(machine: Machine, **steps: Step[CaseState, Any]) -> Procedure[CaseState, Any]:
    return Procedure(machine=machine, steps=steps, whose=_whose)


def test_a_step_takes_what_its_row_needs() -> None:
    machine = _machine(_row("close", "OPEN", "CLOSED", needs=("reason",)))
    with pytest.raises(ValueError, match=r"step close does not take \('reason',\)"):
        _procedure(machine, close=Step(fact=CaseAdvanced))
    _procedure(machine, close=Step(fact=CaseAdvanced, body=Reasoned))
    _procedure(machine, close=Step(fact=CaseAdvanced, supplied=frozenset({"reason"})))


def test_a_step_belongs_to_a_row() -> None:
    with pytest.raises(ValueError, match="has no transition reopen"):
        _procedure(_machine(_row("close", "OPEN", "CLOSED")), reopen=Step(fact=CaseAdvanced))


def test_a_guarded_row_says_when_it_is_possible() -> None:
    machine = _machine(_row("close", "OPEN", "CLOSED", guard="nothing_is_left"))
    with pytest.raises(ValueError, match="does not say when its guard nothing_is_left holds"):
        _procedure(machine, close=Step(fact=CaseAdvanced))


def test_four_eyes_need_somebody_who_tells_who_acted_before() -> None:
    rows = (_row("propose", "OPEN", "PROPOSED"), _row("decide", "PROPOSED", "CLOSED", four_eyes="propose"))
    with pytest.raises(ValueError, match="nobody tells who did propose"):
        _procedure(_machine(*rows), propose=Step(fact=CaseAdvanced), decide=Step(fact=CaseAdvanced))


def test_verbs_are_offered_as_they_stand_in_addresses_to_whom_the_right_the_order_and_the_step_allow() -> None:
    rows = (
        _row("start_review", "OPEN", "REVIEWED"),
        _row("expire", "OPEN", "CLOSED", action=SYSTEM),
        _row("close", "OPEN", "CLOSED", guard="nothing_is_left"),
        _row("reopen", "CLOSED", "OPEN"),
    )
    procedure = _procedure(
        _machine(*rows),
        start_review=Step(fact=CaseAdvanced),
        expire=Step(fact=CaseAdvanced),
        close=Step(fact=CaseAdvanced, possible=lambda offer: offer.facts["left"] == 0),
        reopen=Step(fact=CaseAdvanced),
    )

    def offered(*, left: int, lacks: str = "") -> list[str]:
        offer = Offer(state=CaseState(state="OPEN"), today=_TODAY, actor="a", facts={"left": left})
        return procedure.actions(offer, lambda right: right != lacks)

    assert offered(left=0) == ["start-review", "close"]
    assert offered(left=1) == ["start-review"]
    assert offered(left=0, lacks="registry.test_case.start_review") == ["close"]
