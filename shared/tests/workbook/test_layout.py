"""The header of the register."""

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_shared.register import COLUMNS, LayoutMismatch, format_day, match_header

TITLES = [column.title for column in COLUMNS]


def test_the_register_has_exactly_the_15_published_columns() -> None:
    assert len(TITLES) == 15
    assert [column.letter for column in COLUMNS] == list("ABCDEFGHIJKLMNO")
    assert TITLES[0] == "№"
    assert TITLES[12] == "Подновен лиценз № и дата"


def test_case_spaces_line_breaks_and_dashes_do_not_matter() -> None:
    match_header([f"  {title.upper().replace(' - ', chr(10) + '–')}  " for title in TITLES] + [None, "", " "])


def test_missing_columns_are_named_and_the_others_are_not_called_misplaced() -> None:
    with pytest.raises(LayoutMismatch) as raised:
        match_header([title for title in TITLES if title not in {"ЕИК", "Целева група"}])
    assert raised.value.params == {"missing": "„ЕИК“, „Целева група“", "misplaced": "—", "superfluous": "—"}
    assert [error.pointer for error in raised.value.errors] == ["/header/C", "/header/H"]
    assert "Липсват: „ЕИК“, „Целева група“" in raised.value.message("bg")


def test_misplaced_columns_are_named() -> None:
    swapped = [*TITLES]
    swapped[2], swapped[3] = swapped[3], swapped[2]
    with pytest.raises(LayoutMismatch) as raised:
        match_header(swapped)
    assert raised.value.params["misplaced"] == "„Община“, „ЕИК“"
    assert raised.value.params["missing"] == "—"


@pytest.mark.parametrize(
    ("header", "superfluous"),
    [
        ([*TITLES, "Бележки"], "„Бележки“"),
        ([*TITLES[:3], "", *TITLES[3:]], "„(празна колона)“"),
        ([*TITLES, "ЕИК"], "„ЕИК (повторена)“"),
    ],
)
def test_superfluous_columns_are_named(header: list[str], superfluous: str) -> None:
    with pytest.raises(LayoutMismatch) as raised:
        match_header(header)
    assert raised.value.params["superfluous"] == superfluous


@given(st.randoms(use_true_random=False))
def test_no_other_order_passes(rng: random.Random) -> None:
    shuffled = [*TITLES]
    rng.shuffle(shuffled)
    if shuffled == TITLES:
        match_header(shuffled)
    else:
        with pytest.raises(LayoutMismatch):
            match_header(shuffled)


@given(st.lists(st.one_of(st.none(), st.text(), st.integers(), st.sampled_from(TITLES)), max_size=18))
def test_any_first_row_is_either_the_header_or_refused_with_a_sentence(cells: list[object]) -> None:
    with pytest.raises(LayoutMismatch) as raised:
        match_header(cells)
    assert raised.value.message("bg").startswith("Заглавният ред")


def test_days_are_written_as_in_the_register() -> None:
    assert format_day(date(2022, 11, 7)) == "07.11.2022 г."
