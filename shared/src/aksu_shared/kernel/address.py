"""What makes two texts speak of one place, however they are typed: municipality, settlement and address, folded."""

import re

from aksu_shared.kernel.territory.names import fold, fold_settlement

_WORDS = {
    "улица": "ул",
    "булевард": "бул",
    "площад": "пл",
    "квартал": "кв",
    "блок": "бл",
    "вход": "вх",
    "етаж": "ет",
    "апартамент": "ап",
    "номер": "",
    "no": "",
}
_HOUSING_ESTATE = re.compile(r"\b(?:ж к|жк|жилищен комплекс)\b")

PlaceKey = tuple[str, str, str]


def fold_address(address: str) -> str:
    """`fold` with the words of addresses in their short form and without „№“."""
    folded = _HOUSING_ESTATE.sub("жк", fold(address))
    return " ".join(short for word in folded.split() if (short := _WORDS.get(word, word)))


def place_key(*, municipality: str, settlement: str, address: str, eik: str) -> PlaceKey:
    """Identity of a place; `municipality` is its code, `eik` stands in for an address that is not known."""
    return municipality, fold_settlement(settlement), fold_address(address) or f"@{eik}"
