"""Which keys a row carries."""

import pytest

from aksu_shared.events.scope import row_scope


@pytest.mark.parametrize(
    ("municipality", "bodies", "public", "keys"),
    [
        (None, (), False, ("BG",)),
        (None, (), True, ("public", "BG")),
        ("BLG01", (), False, ("BG", "BLG", "BLG01")),
        ("BLG01", ("PROVIDER:123456789",), True, ("public", "BG", "BLG", "BLG01", "b:PROVIDER:123456789")),
        (None, ("RDSP:BLG", "AKSU"), False, ("BG", "b:RDSP:BLG", "b:AKSU")),
    ],
)
def test_a_row_carries_the_nation_its_territory_its_parties_and_public_only_when_it_is(
    municipality: str | None, bodies: tuple[str, ...], *, public: bool, keys: tuple[str, ...]
) -> None:
    assert row_scope(municipality, *bodies, public=public) == keys


def test_a_party_counts_once_and_an_absent_one_not_at_all() -> None:
    assert row_scope(None, "AKSU", None, "AKSU", "", public=False) == ("BG", "b:AKSU")
