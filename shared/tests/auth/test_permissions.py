"""Who may do what to whose objects."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_shared.auth.permissions import Rights, contains
from aksu_shared.auth.principal import ANONYMOUS, Principal, Role, permissions_file
from aksu_shared.kernel.errors import Forbidden, NotAuthenticated

PLACE: dict[str, Any] = {
    "territory": "BLG01",
    "owner": "PROVIDER:123456789",
    "parties": ("MUNICIPALITY:BLG03", "RZI:BLG"),
}


@pytest.fixture(name="rights")
def rights_of_the_platform() -> Rights:
    return Rights(permissions_file())


def who(role: str, body: str | None) -> Principal:
    return Principal("x", frozenset({Role.PUBLIC, Role(role)}), body)


def table(**actions: Any) -> Rights:
    roles = {role.value: {"bg": "", "en": "", "kinds": []} for role in Role}
    return Rights({"roles": roles, "actions": {name.replace("__", "."): row for name, row in actions.items()}})


@pytest.mark.parametrize(
    ("role", "body", "relations"),
    [
        ("provider", "PROVIDER:123456789", {"own"}),
        ("provider", "PROVIDER:987654321", set()),
        ("municipality_officer", "MUNICIPALITY:BLG01", {"below"}),
        ("municipality_officer", "MUNICIPALITY:BLG02", set()),
        ("municipality_officer", "MUNICIPALITY:BLG03", {"party"}),
        ("oblast_officer", "OBLAST:BLG", {"below"}),
        ("oblast_officer", "OBLAST:SOF", set()),
        ("body_officer", "RZI:BLG", {"below", "party"}),
        ("body_officer", "ASP", {"below"}),
        ("inspector", "AKSU", {"below"}),
        ("operator", None, set()),
    ],
)
def test_the_relation_of_a_body_to_an_object(role: str, body: str | None, relations: set[str]) -> None:
    for relation in ("own", "below", "above", "party"):
        rights = table(x__y__z={role: [relation]})
        assert rights.allows(who(role, body), "x.y.z", **PLACE) is (relation in relations), relation
    assert table(x__y__z={role: ["any"]}).allows(who(role, body), "x.y.z", **PLACE)


def test_a_larger_territory_is_above() -> None:
    rights = table(x__y__z={"municipality_officer": ["above"]})
    officer = who("municipality_officer", "MUNICIPALITY:BLG01")
    assert rights.allows(officer, "x.y.z", territory="BLG")
    assert rights.allows(officer, "x.y.z", territory="BG")
    assert not rights.allows(officer, "x.y.z", territory="BLG01")
    assert not rights.allows(officer, "x.y.z", territory="SOF")


def test_what_nobody_owns_belongs_to_the_body_of_exactly_its_territory() -> None:
    rights = table(x__y__z={"oblast_officer": ["own"]})
    assert rights.allows(who("oblast_officer", "OBLAST:BLG"), "x.y.z", territory="BLG")
    assert not rights.allows(who("oblast_officer", "OBLAST:BLG"), "x.y.z", territory="BLG01")
    assert not rights.allows(who("oblast_officer", "OBLAST:BLG"), "x.y.z", territory="BLG", owner="MLSP")


def test_a_role_counts_only_with_a_body_of_its_kind(rights: Rights) -> None:
    inspector = who("inspector", "AKSU")
    assert rights.allows(inspector, "monitoring.inspection.conduct")
    for body in (None, "MUNICIPALITY:BLG01", "MLSP", "PROVIDER:123456789"):
        assert not rights.allows(who("inspector", body), "monitoring.inspection.conduct")


def test_what_is_public_everybody_may_with_and_without_a_token(rights: Rights) -> None:
    assert rights.allows(ANONYMOUS, "registry.service.read")
    assert rights.allows(Principal("x"), "registry.service.read", **PLACE)


def test_a_missing_right_is_named_and_without_a_token_one_is_asked_for(rights: Rights) -> None:
    with pytest.raises(Forbidden) as caught:
        rights.check(who("ministry_reader", "MLSP"), "registry.service.create", **PLACE)
    assert caught.value.params == {
        "right": "registry.service.create",
        "legal_basis": permissions_file()["basis"]["registry.service.create"],
    }
    with pytest.raises(NotAuthenticated) as asked:
        rights.check(ANONYMOUS, "registry.service.create")
    assert asked.value.headers == {"WWW-Authenticate": 'Bearer realm="aksu"'}
    rights.check(who("provider", "PROVIDER:123456789"), "registry.service.create", **PLACE)


def test_each_relation_is_enough_by_itself() -> None:
    for relation, where in {
        "below": {"territory": "BLG01"},
        "own": {"owner": "OBLAST:BLG"},
        "party": {"parties": ["OBLAST:BLG"]},
    }.items():
        rights = table(x__y__z={"oblast_officer": [relation]})
        officer = who("oblast_officer", "OBLAST:BLG")
        rights.check(officer, "x.y.z", **where)  # type: ignore[arg-type]  # one of its keywords
        with pytest.raises(Forbidden):
            rights.check(officer, "x.y.z")


def test_a_role_has_its_names_and_the_kinds_of_body_it_counts_for() -> None:
    row = {"bg": "Инспектор", "en": "Inspector", "kinds": ["AKSU"]}
    rights = Rights({"roles": {role.value: row for role in Role}, "actions": {}})
    rule = rights.roles[Role.INSPECTOR]
    assert (rule.text.bg, rule.text.en) == ("Инспектор", "Inspector")
    assert rule.kinds == {"AKSU"}


def test_which_reads_are_recorded_stands_in_the_table(rights: Rights) -> None:
    assert "licensing.application.read" in rights.recorded
    assert "registry.service.read" not in rights.recorded
    file = permissions_file()
    with pytest.raises(ValueError, match="no rights"):
        Rights({**file, "audit": {"recorded": ["x.y.z"]}})
    assert table().recorded == frozenset()


def test_a_role_without_a_rule_is_refused() -> None:
    file = permissions_file()
    with pytest.raises(ValueError, match="roles without a rule"):
        Rights({**file, "roles": {name: row for name, row in file["roles"].items() if name != "operator"}})


def test_an_unknown_right_is_a_mistake_of_the_program(rights: Rights) -> None:
    with pytest.raises(ValueError, match="no right"):
        rights.allows(ANONYMOUS, "registry.service.fly")


@pytest.mark.parametrize(
    "row", [{"inspector": ["everything"]}, {"inspector": []}, {"king": ["any"]}], ids=["relation", "none", "role"]
)
def test_a_table_with_unknown_words_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"unknown|king"):
        table(x__y__z=row)


def test_names_of_rights_have_three_parts() -> None:
    with pytest.raises(ValueError, match="service"):
        table(read={"public": ["any"]})


def test_the_one_who_decides_on_a_licence_is_not_the_one_who_proposes(rights: Rights) -> None:
    officer, director = who("licensing_officer", "AKSU"), who("executive_director", "AKSU")
    assert rights.allows(officer, "licensing.application.propose")
    assert not rights.allows(officer, "licensing.application.decide")
    assert rights.allows(director, "licensing.application.decide")
    assert not rights.allows(director, "licensing.application.propose")


def test_only_reads_a_signal_and_the_handshake_of_ingest_are_public(rights: Rights) -> None:
    public = {action for action in rights.actions if rights.granted(ANONYMOUS, action)}
    assert {action for action in public if not action.endswith(".read")} == {
        "monitoring.signal.file",
        "monitoring.ingest.handshake",
    }


@pytest.mark.parametrize("person", ["licensing.application.read", "monitoring.signal.read", "monitoring.user_met.read"])
def test_what_holds_personal_or_internal_data_is_not_public(rights: Rights, person: str) -> None:
    assert not rights.allows(ANONYMOUS, person)


TERRITORIES = st.sampled_from(["BG", "BLG", "SOF", "SFO", "BLG01", "BLG02", "SOF46"])


@given(TERRITORIES, TERRITORIES, TERRITORIES)
def test_containing_is_an_order(first: str, second: str, third: str) -> None:
    assert contains(first, first)
    if contains(first, second) and contains(second, third):
        assert contains(first, third)
    if contains(first, second) and contains(second, first):
        assert first == second


def test_a_provider_and_an_officer_never_reach_beyond_their_own(rights: Rights) -> None:
    """Whatever the right: no `any` for those whose reach ends at their body or territory, beyond what is public."""
    for action, (role, body) in product(
        rights.actions,
        [
            ("provider", "PROVIDER:1" + "0" * 8),
            ("municipality_officer", "MUNICIPALITY:BLG01"),
            ("oblast_officer", "OBLAST:BLG"),
        ],
    ):
        if not rights.granted(ANONYMOUS, action):
            assert "any" not in rights.granted(who(role, body), action), (action, role)
