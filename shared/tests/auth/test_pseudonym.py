"""Under what name somebody acts."""

from hypothesis import assume, given
from hypothesis import strategies as st

from aksu_shared.auth.pseudonym import Pseudonyms

SUBJECTS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=200)


@given(subject=SUBJECTS, key=st.text(min_size=32, max_size=64))
def test_a_person_is_the_same_one_wherever_the_key_is(subject: str, key: str) -> None:
    assert Pseudonyms(key).of(subject) == Pseudonyms(key).of(subject)


@given(one=SUBJECTS, other=SUBJECTS)
def test_two_persons_are_two(one: str, other: str) -> None:
    assume(one != other)
    names = Pseudonyms("k" * 32)
    assert names.of(one) != names.of(other)


@given(subject=SUBJECTS)
def test_who_has_another_key_learns_nothing(subject: str) -> None:
    assert Pseudonyms("k" * 32).of(subject) != Pseudonyms("l" * 32).of(subject)


def test_a_pseudonym_is_32_hexadecimal_digits_and_lasts() -> None:
    assert Pseudonyms("k" * 32).of("ivan.petrov@example.bg") == "6db1f72a12871b21dce8641c3cab02e4"
