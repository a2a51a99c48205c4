"""The territory and its bodies."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_shared.kernel.territory import (
    AmbiguousMunicipality,
    Area,
    Level,
    Territory,
    UnknownMunicipality,
    UnknownTerritory,
    fold,
    fold_settlement,
    load,
    public_bodies,
)

TERRITORY = load()


def test_the_six_regions_hold_51_36_35_33_52_58_municipalities() -> None:
    counts = [
        sum(len(TERRITORY.children(oblast.code)) for oblast in TERRITORY.children(r.code)) for r in TERRITORY.regions
    ]
    assert counts == [51, 36, 35, 33, 52, 58]
    assert (len(TERRITORY.regions), len(TERRITORY.oblasts), len(TERRITORY.municipalities)) == (6, 28, 265)


def test_the_nation_has_the_persons_of_census_2021() -> None:
    assert TERRITORY["BG"].persons == (6_519_789, 917_722, 1_532_667)


def test_the_smallest_and_the_largest_municipality() -> None:
    by_size = sorted(TERRITORY.municipalities, key=lambda area: area.population)
    assert (by_size[0].code, by_size[0].name.bg, by_size[0].population) == ("KNL50", "Трекляно", 434)
    assert (by_size[-1].code, by_size[-1].population) == ("SOF46", 1_274_290)


def test_codes_of_seats_keep_their_leading_zeros() -> None:
    assert TERRITORY["BGS01"].seat_ekatte == "00151"
    assert all(len(area.seat_ekatte or "") == 5 for area in TERRITORY.municipalities)
    assert TERRITORY["DOB28"].seat_ekatte == TERRITORY["DOB15"].seat_ekatte == "72624"


PLOVDIV = TERRITORY["PDV22"]


@pytest.mark.parametrize(
    "changed", [replace(PLOVDIV, population=1), replace(PLOVDIV, age0_14=1), replace(PLOVDIV, age65plus=1)]
)
def test_figures_that_do_not_add_up_are_refused(changed: Area) -> None:
    areas = [changed if area.code == "PDV22" else area for area in TERRITORY.areas.values()]
    with pytest.raises(ValueError, match="PDV"):
        Territory(areas).check()


def test_a_missing_municipality_is_noticed() -> None:
    with pytest.raises(ValueError, match="BG41 has 51 municipalities instead of 52"):
        Territory(area for area in TERRITORY.areas.values() if area.code != "KNL50").check()


def test_the_path_of_scope_leaves_out_planning_regions() -> None:
    assert TERRITORY.path("BLG01") == ("BG", "BLG", "BLG01")
    assert TERRITORY.path("BLG") == ("BG", "BLG")
    assert TERRITORY.path("BG") == ("BG",)
    assert [area.code for area in TERRITORY.ancestors("BLG01")] == ["BG", "BG41", "BLG", "BLG01"]


def test_an_unknown_code_is_named() -> None:
    with pytest.raises(UnknownTerritory, match="XXX99"):
        TERRITORY.path("XXX99")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Айтос", "BGS01"),
        ("община Айтос", "BGS01"),
        ("  ОБЩИНА   АЙТОС ", "BGS01"),
        ("Велико\nТърново", "VTR04"),
        ("Добрич-град", "DOB28"),
        ("Добрич", "DOB28"),
        ("община град Добрич", "DOB28"),
        ("Добричка", "DOB15"),
        ("Столична община", "SOF46"),
        ("Cтоличнa", "SOF46"),  # with Latin C and a
        ("София", "SOF46"),
        ("Бяла (Русе)", "RSE04"),
        ("Бяла, обл. Варна", "VAR05"),
        ("Бяла, VAR", "VAR05"),
        ("Самоков (Софийска област)", "SFO39"),
        ("Самоков, обл. София", "SFO39"),
    ],
)
def test_a_municipality_is_found_however_it_is_typed(typed: str, code: str) -> None:
    assert TERRITORY.find_municipality(typed).code == code


def test_a_name_shared_by_two_municipalities_needs_its_oblast() -> None:
    with pytest.raises(AmbiguousMunicipality, match="Русе") as raised:
        TERRITORY.find_municipality("Бяла")
    assert "Варна" in raised.value.message("bg")
    assert TERRITORY.find_municipality("Бяла", oblast="RSE").code == "RSE04"
    assert TERRITORY.find_municipality("Бяла", oblast="Варна").code == "VAR05"
    assert dict(TERRITORY.ambiguous_names) == {"бяла": ("RSE04", "VAR05")}


@pytest.mark.parametrize("typed", ["Измислена", "", "Айтос (Русе)", "Айтос, обл. Никъде"])
def test_a_municipality_that_does_not_exist_is_refused(typed: str) -> None:
    with pytest.raises(UnknownMunicipality):
        TERRITORY.find_municipality(typed)


def test_every_municipality_is_found_by_its_own_name_and_oblast() -> None:
    for area in TERRITORY.municipalities:
        oblast = TERRITORY[area.parent or ""]
        assert TERRITORY.find_municipality(area.name.bg, oblast=oblast.code).code == area.code


def test_bodies_of_the_three_levels_have_their_fixed_codes_and_parents_come_first() -> None:
    bodies = public_bodies(TERRITORY)
    codes = [body.code for body in bodies]
    assert codes[:3] == ["MLSP", "AKSU", "ASP"]
    assert len(codes) == len(set(codes)) == 3 + 28 + 28 + 265
    for index, body in enumerate(bodies):
        assert body.parent is None or body.parent in codes[:index]
        assert body.kind == body.code.partition(":")[0]
        assert body.territory in TERRITORY


def test_bodies_whose_names_are_not_their_territorys() -> None:
    names = {body.code: body.name_bg for body in public_bodies(TERRITORY)}
    assert names["MUNICIPALITY:SOF46"] == "Столична община"
    assert names["MUNICIPALITY:DOB28"] == "Община град Добрич"
    assert names["OBLAST:SFO"] == "Областна администрация – Софийска област"
    assert names["RDSP:BLG"] == "Регионална дирекция за социално подпомагане – Благоевград"


def test_levels_are_consistent_with_parents() -> None:
    above = {Level.REGION: Level.NATION, Level.OBLAST: Level.REGION, Level.MUNICIPALITY: Level.OBLAST}
    for area in TERRITORY.areas.values():
        if area.parent is None:
            assert area.level is Level.NATION
        else:
            assert TERRITORY[area.parent].level is above[area.level]
        if area.level is Level.MUNICIPALITY:
            assert area.code[:3] == area.parent


@pytest.mark.parametrize("typed", ["гр. София", "град София", "София", "ГР.СОФИЯ", "гр.  София, общ. Столична"])
def test_the_kind_of_settlement_does_not_matter(typed: str) -> None:
    assert fold_settlement(typed) == "софия"


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("area", TERRITORY.municipalities, ids=lambda area: area.code)
def test_a_town_is_known_as_the_seat_of_the_municipality_that_bears_its_name(area: Area) -> None:
    for written in (f"гр. {area.name.bg}", f"ГРАД {area.name.bg.upper()}", f"гр. {area.name.bg}, обл. Някоя"):
        assert area.code in TERRITORY.named_by_town(written)
    assert TERRITORY.named_by_town(f"с. {area.name.bg}") == ()
    assert TERRITORY.named_by_town(area.name.bg) == ()


def test_a_town_of_which_no_municipality_is_named_is_not_known() -> None:
    assert TERRITORY.named_by_town("гр. Неизвестен") == ()
