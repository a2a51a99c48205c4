"""What the registry makes of a row."""

from collections.abc import Callable

import pytest

from aksu_registry.places.rules import address_key
from aksu_registry.register_import.rows import RegisterRow, parse_row
from aksu_registry.register_import.rules import check_legal_form, new_provider, new_service, place_of, register_row
from aksu_shared.events.registry.places import PlaceState
from aksu_shared.events.registry.register_import import ImportedLicence, RegisterRowState
from aksu_shared.kernel.codelists import LICENCE_REQUIRED
from aksu_shared.kernel.territory import load
from aksu_shared.workbook import RawRow


def test_only_a_legal_form_that_needs_a_licence_can_stand_in_the_register() -> None:
    refused = {form for form in LICENCE_REQUIRED if check_legal_form(form)}
    assert refused == {"MUNICIPALITY", "STATE"}
    (error,) = check_legal_form("MUNICIPALITY")
    assert error.legal_basis == "чл. 146 ЗСУ"


def row(raw: RawRow) -> RegisterRow:
    parsed = parse_row(raw, territory=load())
    assert isinstance(parsed, RegisterRow), parsed
    return parsed


def told(read: RegisterRow) -> RegisterRowState:
    """What leaves for licensing of a row of which nothing was known."""
    provider = new_provider(read.provider)
    place = PlaceState(
        id=provider.id,
        key=place_of(read),
        municipality=read.place.municipality,
        settlement=read.place.settlement,
        address=read.place.address,
    )
    return register_row(read, provider, new_service(read, provider, place), row_id=provider.id)


def numbered(licence: ImportedLicence | None) -> tuple[int, str | None] | None:
    return None if licence is None else (licence.sequence, licence.predecessor)


ORIGINAL = "Л-3129-0500/05.11.2021"


@pytest.mark.parametrize(
    ("changed", "renewed", "changed_after", "renewed_after"),
    [
        ("Л-3131-0700/10.05.2023", "Л-3130-0900/10.08.2026", ORIGINAL, "Л-3131-0700/10.05.2023"),
        ("Л-3131-0950/10.10.2026", "Л-3130-0900/10.08.2026", "Л-3130-0900/10.08.2026", ORIGINAL),
        ("Л-3131-0901/10.08.2026", "Л-3130-0900/10.08.2026", "Л-3130-0900/10.08.2026", ORIGINAL),
    ],
    ids=["change first", "renewal first", "on one day"],
)
def test_each_licence_of_a_row_names_the_one_it_replaced(
    raw: Callable[..., RawRow], changed: str, renewed: str, changed_after: str, renewed_after: str
) -> None:
    days = {"original_until": "05.11.2026", "changed_until": "05.11.2031", "renewed_until": "05.11.2031"}
    state = told(row(raw(original=ORIGINAL, changed=changed, renewed=renewed, **days)))
    assert numbered(state.original) == (500, None)
    assert numbered(state.changed) == (int(changed.split("-")[2][:4]), changed_after)
    assert numbered(state.renewed) == (900, renewed_after)


def test_a_row_with_one_licence_tells_of_no_other(raw: Callable[..., RawRow]) -> None:
    state = told(row(raw(original=ORIGINAL, original_until="05.11.2026")))
    assert numbered(state.original) == (500, None)
    assert (state.changed, state.renewed) == (None, None)


def test_a_place_of_the_register_is_the_one_a_mayor_names(raw: Callable[..., RawRow]) -> None:
    assert place_of(row(raw())) == address_key("PDV22", "Пловдив", "улица Примерна 5")
