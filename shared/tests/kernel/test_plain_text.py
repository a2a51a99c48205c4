"""What nobody sees in a text is refused, or makes no difference."""

import unicodedata

import pytest
from pydantic import ValidationError

from aksu_shared.kernel.address import place_key
from aksu_shared.kernel.plain_text import seen, unseen_in
from aksu_shared.kernel.schemas.base import Body
from aksu_shared.kernel.schemas.codes import Line, Note
from aksu_shared.kernel.territory.names import fold

UNSEEN = (
    "\u200b",
    "\u200d",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\u0007",
    "\u00ad",
    "\u2028",
    "\u3164",
    "\ufe0f",
    "\U000e0041",
)


class Given(Body):
    name: Line
    note: Note = "x"
    plain: str = ""


@pytest.mark.parametrize("char", [*UNSEEN, "\n", "\r\n"], ids=ascii)
def test_a_line_with_a_character_nobody_sees_is_refused_and_the_character_named(char: str) -> None:
    for field in ("name", "plain"):
        with pytest.raises(ValidationError) as raised:
            Given.model_validate({"name": "x"} | {field: f"Дом{char}Здравец"})
        (error,) = raised.value.errors()
        assert error["loc"] == (field,)
        assert f"U+{ord(char[0]):04X}" in error["msg"]


def test_a_note_has_lines_and_pictures_and_no_marks_of_direction() -> None:
    written = Given(name="Дом", note="Ред\r\nДруг ред\tс табулация ❤\ufe0f")
    assert written.note == "Ред\nДруг ред\tс табулация ❤\ufe0f"
    for char in ("\u200b", "\u202e", "\u0007", "\r"):
        with pytest.raises(ValidationError):
            Given(name="Дом", note=f"Ред{char}Друг")


def test_a_text_is_kept_in_its_one_written_form() -> None:
    assert Given(name="Дом за деца и\u0306").name == "Дом за деца й"


@pytest.mark.parametrize("char", UNSEEN, ids=ascii)
def test_names_and_addresses_are_the_same_with_and_without_what_nobody_sees(char: str) -> None:
    assert fold(f"Дом{char} „Здра{char}вец“") == fold("Дом „Здравец“")
    one, other = (
        place_key(
            municipality="BLG03", settlement=f"гр. Благоев{hidden}град", address=f"ул. При{hidden}мерна 2", eik=""
        )
        for hidden in ("", char)
    )
    assert one == other


def test_every_control_and_every_mark_of_direction_is_unseen() -> None:
    every = [chr(code) for code in range(0x110000)]
    for char in every:
        if unicodedata.category(char) in {"Cc", "Cf"} or unicodedata.bidirectional(char) in {
            "RLO",
            "LRE",
            "FSI",
            "PDI",
        }:
            assert unseen_in(f"а{char}б") == char
            assert unseen_in(seen(f"а{char}б")) is None
    assert all(unseen_in(char) is None for char in "абвАБВabc123 .,-„“№€ ёїՓლ漢字ß")
