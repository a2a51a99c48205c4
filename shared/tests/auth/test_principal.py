"""What a body code says, and which rows its holder may see."""

import pytest

from aksu_shared.auth.principal import ANONYMOUS, Principal, Role, parse_body


@pytest.mark.parametrize(
    ("code", "kind", "level", "territory"),
    [
        ("AKSU", "AKSU", "national", "BG"),
        ("MLSP", "MLSP", "national", "BG"),
        ("ASP", "ASP", "national", "BG"),
        ("OBLAST:BLG", "OBLAST", "oblast", "BLG"),
        ("RDSP:BLG", "RDSP", "oblast", "BLG"),
        ("RZI:SFO", "RZI", "oblast", "SFO"),
        ("POLICE:SOF", "POLICE", "oblast", "SOF"),
        ("MUNICIPALITY:BLG01", "MUNICIPALITY", "municipality", "BLG01"),
        ("DSP:DOB28", "DSP", "municipality", "DOB28"),
        ("PROVIDER:123456789", "PROVIDER", "provider", None),
        ("PROVIDER:1234567890123", "PROVIDER", "provider", None),
    ],
)
def test_kind_level_and_territory_are_read_from_the_code(
    code: str, kind: str, level: str, territory: str | None
) -> None:
    body = parse_body(code)
    assert (body.kind, body.level, body.territory) == (kind, level, territory)


@pytest.mark.parametrize(
    "code",
    [
        "", "aksu", "AKSU ", "AKSU,BG", "OBLAST", "OBLAST:BLG01", "OBLAST:blg", "MUNICIPALITY:BLG", "MUNICIPALITY:BLG1",
        "PROVIDER:12345", "PROVIDER:123456789012", "PROVIDER:12345678x", "PROVIDER:１２３４５６７８９",
        "RZI:BLG\n", "b:AKSU", "MINISTRY",
    ],
)  # fmt: skip
def test_other_codes_are_refused(code: str) -> None:
    with pytest.raises(ValueError, match="no body code"):
        parse_body(code)
    with pytest.raises(ValueError, match="no body code"):
        Principal("x", body=code)


@pytest.mark.parametrize(
    ("role", "body", "keys"),
    [
        ("inspector", None, ("public",)),
        ("inspector", "AKSU", ("public", "BG", "b:AKSU")),
        ("ministry_reader", "MLSP", ("public", "BG", "b:MLSP")),
        ("oblast_officer", "OBLAST:BLG", ("public", "BLG", "b:OBLAST:BLG")),
        ("body_officer", "DSP:BLG01", ("public", "BLG01", "b:DSP:BLG01")),
        ("provider", "PROVIDER:123456789", ("public", "b:PROVIDER:123456789")),
    ],
)
def test_scope_keys_are_the_public_the_territory_and_the_body(
    role: str, body: str | None, keys: tuple[str, ...]
) -> None:
    assert Principal("x", frozenset({Role(role)}), body).scope_keys == keys


@pytest.mark.parametrize("role", ["public", "operator", "integration", "municipality_officer", "provider"])
def test_a_body_opens_nothing_without_a_role_that_counts_for_it(role: str) -> None:
    assert Principal("x", frozenset({Role.PUBLIC, Role(role)}), "AKSU").scope_keys == ("public",)


def test_without_a_token_only_what_is_public_is_seen() -> None:
    assert (ANONYMOUS.anonymous, ANONYMOUS.scope_keys, ANONYMOUS.body) == (True, ("public",), None)
    assert not Principal("x").anonymous


def test_the_last_key_names_the_token_and_no_row_has_it() -> None:
    principal = Principal("s-1", frozenset({Role.INSPECTOR}), "AKSU", issued_at=1_700_000_000)
    token = "t:s-1@1700000000"
    assert principal.scope_keys == ("public", "BG", "b:AKSU", token)
    assert principal.reach == "public,BG,b:AKSU"


def test_further_keys_stand_behind_the_public_one_and_change_nothing_else() -> None:
    principal = Principal("s-1", frozenset({Role.INSPECTOR}), "AKSU", issued_at=1_700_000_000, system="intake")
    more = principal.holding("access", "audit")
    assert more.scope_keys == ("public", "access", "audit", *principal.scope_keys[1:])
    for kept in ("subject", "roles", "body", "issued_at", "system"):
        assert getattr(more, kept) == getattr(principal, kept)


def test_only_who_came_without_a_token_is_anonymous() -> None:
    assert ANONYMOUS.anonymous
    assert not Principal("service:registry").anonymous
