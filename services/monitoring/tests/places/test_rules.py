"""What follows for an inspection from where it is, on facts alone."""

from datetime import date

import pytest
from uuid_utils.compat import uuid7

from aksu_monitoring.places.rules import PlaceFacts, ServiceThere, Site, followed, located, restricted_scope
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


def test_nobody_is_addressed_for_running_a_service_there() -> None:
    one = ServiceThere(uuid7(), "MUNICIPALITY:BLG03", licence_required=False)
    two = ServiceThere(uuid7(), "PROVIDER:130007884", licence_required=True)
    for services in ((one,), (one, two)):
        where = located(site(), facts(services=services), provider_body=None)
        assert (where["service_id"], "provider_body" in where) == (None, False)
    assert located(site(), facts(services=(one, two)), provider_body=two.body)["service_id"] == two.id
    assert located(site(), facts(services=(two,)), provider_body=one.body)["service_id"] is None


def test_an_address_is_withheld_where_nobody_had_registered_it() -> None:
    unknown = located(site(), facts(registered=False), provider_body=None)
    assert (unknown["address_withheld"], unknown["place_id"]) == (True, None)
    assert located(site(), facts(), provider_body=None)["address_withheld"] is False


def test_what_was_flagged_stays_flagged() -> None:
    raised = ("PLACE_UNREGISTERED", "NO_LICENCE")
    later = followed(raised, facts(licensed=True))
    assert ("flags" in later, later["flags_contradicted"]) == (False, raised)
    assert followed(raised, facts())["flags_contradicted"] == ("PLACE_UNREGISTERED",)


def test_what_is_restricted_is_read_by_bodies_and_by_no_territory() -> None:
    scope = restricted_scope("BLG03", "PROVIDER:130007884", ["RZI:BLG"])
    assert scope == ("b:AKSU", "b:MUNICIPALITY:BLG03", "b:PROVIDER:130007884", "b:RZI:BLG")
    assert restricted_scope(None, None) == ("b:AKSU",)


def test_an_address_is_folded_as_the_registry_folds_it() -> None:
    other = {"municipality": "BLG03", "settlement": "град Благоевград", "address": "улица Примерна №1"}
    assert site().key == site(place=other).key == "BLG03|благоевград|ул примерна 1"
    assert site().started_on == date(2026, 3, 1)
