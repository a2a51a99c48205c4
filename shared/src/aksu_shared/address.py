"""What makes two rows speak of the same provider, place or service, however they are typed.

* **provider**: the ЕИК. Names are spelled in many ways; the number is one.
* **place**: municipality, settlement and address, folded. The 15 columns hold no address of the service: column F is
  the provider's seat. Where the seat lies in the row's settlement it is taken as the place's address, as nothing better
  is known; elsewhere the address is unknown, and the place is "where this provider works in this settlement".
* **service**: provider, place, kind, name and target groups, since one provider may run day care for children and for
  adults under two licences in one building. Two rows that agree in all of these are one service, which cannot have two
  licences at once.
* **row** of the register: the number of the original licence, which changes and renewals leave as it is. It says which
  service a row means even when the address or wording has changed since the last import.
"""

import re
from collections.abc import Iterable

from aksu_shared.territory.names import fold, fold_settlement

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
_STREET_WORD = re.compile(r"^(?:ул|бул|пл|жк|кв|бл)\b")
_POSTCODE = re.compile(r"\b\d{4}\b")

PlaceKey = tuple[str, str, str]
ServiceKey = tuple[str, ...]


def fold_address(address: str) -> str:
    """`fold` with the words of addresses in their short form and without „№“."""
    folded = _HOUSING_ESTATE.sub("жк", fold(address))
    return " ".join(short for word in folded.split() if (short := _WORDS.get(word, word)))


def place_key(*, municipality: str, settlement: str, address: str, eik: str) -> PlaceKey:
    """Identity of a place; `municipality` is its code, `eik` stands in for an address that is not known."""
    return municipality, fold_settlement(settlement), fold_address(address) or f"@{eik}"


def service_key(*, eik: str, place: PlaceKey, kind: str, name: str, target_groups: Iterable[str]) -> ServiceKey:
    """Identity of a service within the register."""
    return eik, *place, kind, fold(name), *sorted(target_groups)


def address_in(settlement: str, seat: str) -> str:
    """The part of a seat after its settlement, when the seat lies in `settlement`; else an empty text."""
    first, _, rest = seat.partition(",")
    if fold_settlement(_POSTCODE.sub("", first)) == fold_settlement(settlement):
        return rest.strip()
    return seat.strip() if _STREET_WORD.match(fold_address(first)) else ""
