"""The digest under an idempotency key."""

import hashlib
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from aksu_shared.web.fingerprints import Fingerprints

KEY = "k" * 32
BODIES = st.binary(max_size=300)
WHERE: dict[str, Any] = {"method": "POST", "path": "/v1/signals", "query_string": b"a=1"}


@given(body=BODIES)
def test_a_repetition_is_known_by_every_process_that_has_the_key(body: bytes) -> None:
    assert Fingerprints(KEY).of(WHERE, body) == Fingerprints(KEY).of(WHERE, body)


@given(one=BODIES, other=BODIES)
def test_another_body_is_another_request(one: bytes, other: bytes) -> None:
    assume(one != other)
    prints = Fingerprints(KEY)
    assert prints.of(WHERE, one) != prints.of(WHERE, other)


def test_method_path_and_query_count() -> None:
    prints = Fingerprints(KEY)
    others: list[dict[str, Any]] = [
        {"method": "PUT"},
        {"path": "/v1/signals/"},
        {"query_string": b"a=2"},
        {"query_string": b""},
    ]
    assert len({prints.of(WHERE | other, b"{}") for other in [{}, *others]}) == len(others) + 1


@given(body=BODIES)
def test_who_holds_the_database_alone_cannot_try_out_bodies(body: bytes) -> None:
    plain = b"POST /v1/signals?a=1\n" + body
    unkeyed = {hashlib.sha256(plain).digest(), hashlib.blake2b(plain, digest_size=32).digest()}
    assert Fingerprints(KEY).of(WHERE, body) not in unkeyed | {Fingerprints("l" * 32).of(WHERE, body)}


def test_the_key_of_pseudonyms_serves_no_second_purpose_itself() -> None:
    straight = hashlib.blake2b(b"POST /v1/signals?a=1\n{}", key=KEY.encode(), digest_size=32)
    assert Fingerprints(KEY).of(WHERE, b"{}") != straight.digest()


def test_fingerprints_last_over_builds() -> None:
    assert (
        Fingerprints(KEY).of(WHERE, b"{}").hex() == "ab93f842895ccdf5b678e5e6f7c1f8f39795d9e2009afe4cac6d7208ea93e292"
    )
