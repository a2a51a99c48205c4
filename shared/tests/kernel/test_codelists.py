"""Code lists."""

import re

import pytest

from aksu_shared.kernel.codelists import (
    ADMINISTRATIVE_SERVICES,
    CODELISTS,
    LICENCE_REQUIRED,
    SERVICE_KINDS,
    TARGET_GROUP_ALIASES,
    require,
)


def test_a_municipality_needs_no_licence_but_its_legal_entity_does() -> None:
    assert not LICENCE_REQUIRED["MUNICIPALITY"]
    assert LICENCE_REQUIRED["MUNICIPAL_LEGAL_ENTITY"]
    assert {form for form, required in LICENCE_REQUIRED.items() if not required} == {"MUNICIPALITY", "STATE"}


def test_there_are_ten_activity_groups() -> None:
    assert len(CODELISTS["activity_groups"]) == 10


def test_every_code_has_a_label_in_cyrillic_and_one_in_english() -> None:
    for name, codes in CODELISTS.items():
        for code, text in codes.items():
            assert re.search("[а-яА-Я]", text.bg), (name, code)
            assert re.search("[a-zA-Z]", text.en), (name, code)


def test_labels_are_distinct_within_a_list() -> None:
    for name, codes in CODELISTS.items():
        assert len({text.bg for text in codes.values()}) == len(codes), name


def test_kinds_of_service_name_known_activity_groups_and_no_wording_twice() -> None:
    wordings = [wording for kind in SERVICE_KINDS.values() for wording in (kind.text.bg, *kind.aliases)]
    assert len({wording.casefold() for wording in wordings}) == len(wordings)
    groups = {group for kind in SERVICE_KINDS.values() for group in kind.activity_groups}
    assert groups == set(CODELISTS["activity_groups"])
    assert all(kind.activity_groups for kind in SERVICE_KINDS.values() if kind.code != "OTHER")


def test_every_target_group_is_known_by_its_label() -> None:
    assert all(wordings[0] == CODELISTS["target_groups"][code].bg for code, wordings in TARGET_GROUP_ALIASES.items())


def test_the_administrative_services_have_their_published_numbers() -> None:
    assert ADMINISTRATIVE_SERVICES == {"ISSUE": "3129", "RENEW": "3130", "CHANGE": "3131", "TERMINATE": "3132"}


def test_an_unknown_code_is_refused() -> None:
    assert require("financing", "PRIVATE") == "PRIVATE"
    with pytest.raises(ValueError, match="financing"):
        require("financing", "BARTER")
