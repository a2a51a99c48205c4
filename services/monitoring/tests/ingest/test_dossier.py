"""The rules of a pushed inspection, on facts alone."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from aksu_monitoring.domain.dossier import OUTCOME_STATES, Waiting, closed_state, missing, next_in_turn
from aksu_monitoring.domain.machines import INSPECTION
from aksu_monitoring.domain.site import PlaceFacts, ServiceThere, Site, located
from aksu_shared.codelists import CODELISTS
from aksu_shared.events.ingest import Started


def site(**changes: object) -> Site:
    given_place = {"municipality": "BLG03", "settlement": "гр. Благоевград", "address": "ул. Примерна 1"}
    given = {"kind": "PLANNED", "place": given_place, "started_on": "2026-03-01"} | changes
    started = Started.model_validate(given)
    return Site.of(started.place, provider_eik=started.provider_eik, day=started.started_on)


def facts(*, registered: bool = True, licensed: bool = False, services: tuple[ServiceThere, ...] = ()) -> PlaceFacts:
    return PlaceFacts(
        place_id=uuid7() if registered else None,
        municipality="BLG03" if registered else None,
        settlement="гр. Благоевград" if registered else None,
        address="ул. Примерна № 1" if registered else None,
        licensed=licensed,
        services=services,
    )


def test_every_outcome_means_a_state_that_the_machine_reaches_from_work_at_the_place() -> None:
    assert OUTCOME_STATES.keys() == CODELISTS["inspection_outcomes"].keys()
    reached: set[str] = set()
    frontier = ["IN_PROGRESS"]
    while frontier:
        state = frontier.pop()
        new = {row.target for row in INSPECTION.transitions if state in row.sources} - reached
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


def test_a_place_nobody_registered_is_flagged_and_its_address_is_not_public() -> None:
    where = located(site(), facts(registered=False), provider_body=None)
    assert where["flags"] == ("PLACE_UNREGISTERED", "NO_LICENCE")
    assert (where["municipality"], where["address"]) == ("BLG03", None)


def test_a_licensed_place_is_not_flagged() -> None:
    where = located(site(), facts(licensed=True), provider_body=None)
    assert (where["flags"], where["address"]) == ((), "ул. Примерна № 1")


@pytest.mark.parametrize(
    ("required", "flags"), [((False,), ()), ((False, True), ("NO_LICENCE",)), ((), ("NO_LICENCE",))]
)
def test_a_place_with_only_services_that_need_no_licence_lacks_none(
    required: tuple[bool, ...], flags: tuple[str, ...]
) -> None:
    services = tuple(ServiceThere(uuid7(), "MUNICIPALITY:BLG03", licence_required=each) for each in required)
    assert located(site(), facts(services=services), provider_body=None)["flags"] == flags


def test_the_provider_is_the_one_found_there_else_the_only_one_registered_there() -> None:
    one = ServiceThere(uuid7(), "MUNICIPALITY:BLG03", licence_required=False)
    two = ServiceThere(uuid7(), "PROVIDER:130007884", licence_required=True)
    assert located(site(), facts(services=(one,)), provider_body=None)["provider_body"] == "MUNICIPALITY:BLG03"
    assert located(site(), facts(services=(one, two)), provider_body=None)["provider_body"] is None
    found = located(site(provider_eik="130007884"), facts(services=(one, two)), provider_body=None)
    assert (found["provider_body"], found["service_id"]) == ("PROVIDER:130007884", two.id)


def test_a_later_provider_does_not_inherit_the_inspection() -> None:
    successor = ServiceThere(uuid7(), "PROVIDER:130007884", licence_required=True)
    where = located(site(), facts(services=(successor,)), provider_body="MUNICIPALITY:BLG03")
    assert (where["provider_body"], where["service_id"]) == ("MUNICIPALITY:BLG03", None)


def test_an_address_is_folded_as_the_registry_folds_it() -> None:
    other = {"municipality": "BLG03", "settlement": "град Благоевград", "address": "улица Примерна №1"}
    assert site().key == site(place=other).key == "BLG03|благоевград|ул примерна 1"
    assert site().started_on == date(2026, 3, 1)
