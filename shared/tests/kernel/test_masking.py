"""What of callers' texts may stand in logs and audits."""

import pytest

from aksu_shared.kernel.masking import is_plain, shown_query, without_quotes


@pytest.mark.parametrize(
    "value", ["019a0000-0000-7000-8000-00000000000a", "12345678", "2026-03-02", "2026-03-02T10:00:00Z", "BLG03",
              "PROVIDER:130007884", "IN_PROGRESS", "bg.aksu.registry.service.closed.v1", "true"],
)  # fmt: skip
def test_ids_days_codes_and_small_numbers_are_plain(value: str) -> None:
    assert is_plain(value)


@pytest.mark.parametrize(
    "value", ["8001010008", "0888123456", "Иван", "ivan@example.bg", "Ivan Petrov", "ivan", "", "1" * 9, "A" * 200,
              "1\n"],
)  # fmt: skip
def test_names_numbers_of_people_and_addresses_are_not(value: str) -> None:
    assert not is_plain(value)


def test_an_audited_query_tells_what_was_asked_and_not_whom_for() -> None:
    asked = "limit=5&sort=-filed_on&q=%D0%98%D0%B2%D0%B0%D0%BD&egn=8001010008&oblast=BLG&cursor=eyJ"
    assert shown_query(asked) == "limit=5&sort=-filed_on&q=…&egn=…&oblast=BLG&cursor=…"


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("invalid input for argument $3: 'Иван Петров' (want str)", "invalid input for argument $3: … (want str)"),
        ('invalid input syntax for type uuid: "8001010008"', "invalid input syntax for type uuid: …"),
        ("Key (name)=(Ivan Petrov) already exists.", "Key … already exists."),
        ("cannot reach ivan@example.bg or 0888123456 Иван", "cannot reach … or … …"),
        ("relation licence does not exist", "relation licence does not exist"),
    ],
)  # fmt: skip
def test_a_message_loses_what_it_quotes(message: str, left: str) -> None:
    assert without_quotes(message) == left
