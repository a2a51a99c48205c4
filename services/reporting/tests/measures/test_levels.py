"""What the form of a code says, and that it says of all 300 territories what the tables say."""

from aksu_reporting.measures.levels import inner_level, level_of
from aksu_shared.kernel import territory


def test_the_form_of_every_code_says_its_level() -> None:
    areas = territory.load().areas.values()
    assert {area.code: level_of(area.code) for area in areas} == {area.code: area.level for area in areas}


def test_every_municipality_begins_with_the_letters_of_its_oblast() -> None:
    areas = territory.load().areas.values()
    assert all(area.code[:3] == area.parent for area in areas if area.level is territory.Level.MUNICIPALITY)


def test_the_next_level_down_is_shown_unless_another_one_inside_is_wanted() -> None:
    assert inner_level("NATION", None) == "REGION"
    assert inner_level("NATION", "MUNICIPALITY") == "MUNICIPALITY"
    assert inner_level("OBLAST", "REGION") is None
    assert inner_level("MUNICIPALITY", None) is None
