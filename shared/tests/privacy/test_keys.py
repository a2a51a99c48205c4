"""What is sealed is read only by its key, as what it is about; any key of the ring unwraps, the first one wraps."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksu_shared.privacy.keys import DEVELOPMENT, KeyRing, Unreadable, new_key, seal, unseal

NAMES = st.text(max_size=50)
KEYS = st.binary(min_size=32, max_size=32)


@given(st.binary(max_size=2_000), NAMES, KEYS)
def test_what_was_sealed_is_read_again(plain: bytes, about: str, key: bytes) -> None:
    assert unseal(key, seal(key, plain, about=about), about=about) == plain


@given(st.binary(max_size=200), NAMES, NAMES, KEYS)
def test_moved_to_another_row_or_field_it_is_unreadable(plain: bytes, about: str, other: str, key: bytes) -> None:
    sealed = seal(key, plain, about=about)
    if other != about:
        with pytest.raises(Unreadable):
            unseal(key, sealed, about=other)


@given(st.binary(max_size=200), KEYS, KEYS)
def test_another_persons_key_does_not_open_it(plain: bytes, key: bytes, other: bytes) -> None:
    sealed = seal(key, plain, about="a")
    if other != key:
        with pytest.raises(Unreadable):
            unseal(other, sealed, about="a")


@given(st.binary(max_size=200), KEYS, st.data())
def test_one_changed_bit_makes_it_unreadable_be_it_of_the_nonce(plain: bytes, key: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(key, plain, about="a"))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unreadable):
        unseal(key, bytes(sealed), about="a")


@given(st.binary(max_size=200), KEYS, st.data())
def test_cut_short_it_is_unreadable(plain: bytes, key: bytes, data: st.DataObject) -> None:
    sealed = seal(key, plain, about="a")
    with pytest.raises(Unreadable):
        unseal(key, sealed[: data.draw(st.integers(0, len(sealed) - 1))], about="a")


def test_the_nonce_of_one_ciphertext_does_not_open_another() -> None:
    key = new_key()
    one, other = seal(key, b"one", about="a"), seal(key, b"two", about="a")
    with pytest.raises(Unreadable):
        unseal(key, one[:12] + other[12:], about="a")


def test_the_same_value_is_never_sealed_alike() -> None:
    key = new_key()
    assert len({seal(key, b"same", about="a") for _ in range(1_000)}) == 1_000


def test_the_first_key_wraps_and_every_key_of_the_ring_unwraps() -> None:
    old, new = new_key(), new_key()
    wrapped = KeyRing({"old": old}).wrap(b"k" * 32, about="subject_key|1")
    ring = KeyRing({"new": new, "old": old})
    assert ring.unwrap(*wrapped, about="subject_key|1") == b"k" * 32
    assert ring.wrap(b"k" * 32, about="x").kek == "new"


def test_a_wrapped_key_is_that_of_its_subject_alone() -> None:
    wrapped = DEVELOPMENT.wrap(new_key(), about="subject_key|1")
    with pytest.raises(Unreadable):
        DEVELOPMENT.unwrap(*wrapped, about="subject_key|2")


def test_without_its_key_encryption_key_nothing_is_read() -> None:
    wrapped = DEVELOPMENT.wrap(new_key(), about="a")
    with pytest.raises(Unreadable, match="development"):
        KeyRing({"other": new_key()}).unwrap(*wrapped, about="a")


def test_keys_are_written_one_a_line_or_between_commas() -> None:
    one, two = (base64.b64encode(new_key()).decode() for _ in range(2))
    assert KeyRing.parse(f"2026-11:{one}, 2025-11:{two}").current == "2026-11"
    assert KeyRing.parse(f"2026-11:{one}\n2025-11:{two}\n").current == "2026-11"


@pytest.mark.parametrize(
    "text",
    [
        "a:",
        "a",
        ":c2VjcmV0",
        "a:c2VjcmV0",
        "a b:" + "A" * 43 + "=",
        ",".join(["a:" + "A" * 43 + "="] * 2),
        "a:" + "!" * 44,
    ],
    ids=["no key", "no colon", "no id", "short", "odd id", "twice", "no base64"],
)
def test_what_is_no_key_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match="keys are") as caught:
        KeyRing.parse(text)
    assert "c2VjcmV0" not in str(caught.value)
