"""Places, however their address is typed."""

from typing import Any

import pytest

from aksu_shared.kernel.address import fold_address, place_key

PLACE: dict[str, Any] = {"municipality": "BLG03", "settlement": "гр. Благоевград", "address": "ул. „Примерна“ № 2"}


@pytest.mark.parametrize(
    "typed",
    ["улица Примерна №2", "УЛ.ПРИМЕРНА 2", "ул. Примерна, номер 2", "ул. Примерна No 2"],
)
def test_one_address_has_many_spellings(typed: str) -> None:
    assert place_key(**PLACE | {"address": typed, "settlement": "град Благоевград"}, eik="") == place_key(
        **PLACE, eik=""
    )


def test_words_of_addresses_count_in_their_short_form() -> None:
    assert (
        fold_address("Жилищен комплекс Младост, блок 3, вход А, етаж 2, апартамент 7")
        == "жк младост бл 3 вх а ет 2 ап 7"
    )


def test_an_unknown_address_is_where_this_provider_works() -> None:
    unknown = PLACE | {"address": ""}
    assert place_key(**unknown, eik="121212121") != place_key(**unknown, eik="000696327")
    assert place_key(**PLACE, eik="121212121") == place_key(**PLACE, eik="000696327")
