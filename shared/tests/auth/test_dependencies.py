"""The door of an application: from the header of a request to its caller, and from its caller to the right."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from aksu_shared.auth.dependencies import Access, current_principal, current_pseudonyms, current_rights, requires
from aksu_shared.auth.issuer import DevelopmentIssuer
from aksu_shared.auth.jwks import FileKeys
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import ANONYMOUS, Role
from aksu_shared.auth.pseudonym import DEVELOPMENT_KEY, Pseudonyms
from aksu_shared.auth.tokens import InvalidToken, TokenRules, TokenVerifier
from aksu_shared.db.read_log import reading
from aksu_shared.kernel.errors import Forbidden, NotAuthenticated

NAMES = Pseudonyms(DEVELOPMENT_KEY)
READ, RECORDED, WRITE = "registry.service.read", "platform.audit.read", "registry.service.create"


@pytest.fixture
def issuer(tmp_path: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path)


@pytest.fixture
def access(issuer: DevelopmentIssuer) -> Access:
    rules = TokenRules(issuer=issuer.issuer, audience="aksu-registry")
    return Access(TokenVerifier(rules, FileKeys(issuer.jwks_file), pseudonyms=NAMES), Rights.load())


def request(*headers: tuple[bytes, bytes], path: str = "/v1/audit", query: bytes = b"") -> dict[str, Any]:
    """What is known of a request when its head was read."""
    return {"type": "http", "headers": list(headers), "path": path, "query_string": query}


def bearer(issuer: DevelopmentIssuer, role: str, body: str | None = None) -> tuple[bytes, bytes]:
    return b"authorization", f"Bearer {issuer.issue('s-1', roles=[role], body=body)}".encode()


async def test_without_a_header_everybody_is_nobody(access: Access) -> None:
    assert await access.authenticate(request((b"accept", b"*/*"))) is ANONYMOUS
    assert access.recognise(request((b"accept", b"*/*"))) is None


async def test_a_token_is_verified_once_for_a_request_and_recognised_afterwards(
    access: Access, issuer: DevelopmentIssuer
) -> None:
    header = bearer(issuer, "inspector", "AKSU")
    scope = request((b"accept", b"*/*"), header)
    assert access.recognise(scope) is None
    principal = await access.authenticate(scope)
    assert (principal.subject, principal.body) == (NAMES.of("s-1"), "AKSU")
    assert principal.roles == {Role.PUBLIC, Role.INSPECTOR}
    assert await access.authenticate(scope) is principal
    scope["headers"] = []
    assert await access.authenticate(scope) is principal  # who called is settled once
    recognised = request(header)
    assert access.recognise(recognised) is principal
    recognised["headers"] = []
    assert await access.authenticate(recognised) is principal  # also by who only recognised the token
    again = request((b"authorization", b"bEARER  " + header[1].partition(b" ")[2]))
    assert access.recognise(again) is principal
    assert await access.authenticate(again) is principal
    foreign = request((b"authorization", b"Digest " + header[1].partition(b" ")[2]))
    assert access.recognise(foreign) is None


@pytest.mark.parametrize(
    "values",
    [[b""], [b"Bearer"], [b"Bearer  "], [b"Basic eDp5"], [b"Bearer a.b.c", b"Bearer a.b.c"]],
    ids=["empty", "no-token", "blanks", "basic", "two-headers"],
)
async def test_anything_but_one_bearer_token_is_refused(access: Access, values: list[bytes]) -> None:
    with pytest.raises(InvalidToken) as caught:
        await access.authenticate(request(*((b"authorization", value) for value in values)))
    assert caught.value.reason == "one bearer token is expected"


async def test_of_two_tokens_neither_counts(access: Access, issuer: DevelopmentIssuer) -> None:
    header = bearer(issuer, "inspector", "AKSU")
    with pytest.raises(InvalidToken) as caught:
        await access.authenticate(request(header, header))
    assert caught.value.reason == "one bearer token is expected"


async def test_each_right_asked_for_must_be_held(access: Access, issuer: DevelopmentIssuer) -> None:
    analyst = request(bearer(issuer, "aksu_analyst", "AKSU"))
    assert (await access.admit(analyst, (READ,))).subject == NAMES.of("s-1")
    with pytest.raises(Forbidden) as caught:
        await access.admit(analyst, (READ, WRITE))
    assert caught.value.params["right"] == WRITE
    with pytest.raises(NotAuthenticated):
        await access.admit(request(), (WRITE,))
    assert await access.admit(request(), (READ,)) is ANONYMOUS


async def test_a_route_asks_the_door_of_its_application(access: Access, issuer: DevelopmentIssuer) -> None:
    app = SimpleNamespace(state=SimpleNamespace(access=access))
    asking = Request(request(bearer(issuer, "aksu_analyst", "AKSU")) | {"app": app})
    assert (await current_principal(asking)).subject == NAMES.of("s-1")
    assert await current_rights(asking) is access.rights
    assert await current_pseudonyms(asking) is NAMES
    allowed, denied = requires(READ), requires(WRITE)
    assert (allowed.action, denied.action) == (READ, WRITE)
    await allowed.dependency(asking)
    with pytest.raises(Forbidden):
        await denied.dependency(asking)


async def test_a_read_that_is_recorded_tells_who_reads_what_under_which_right_and_why(
    access: Access, issuer: DevelopmentIssuer
) -> None:
    scope = request(
        (b"accept", b"*/*"),
        bearer(issuer, "executive_director", "AKSU"),
        (b"aksu-purpose", "дело 5\0".encode() + b"\xff" + b"x" * 300),
        query="actor=а&б=1".encode("latin-1", "replace"),
    )
    await access.admit(scope, (READ, RECORDED))
    found = reading()
    assert found is not None
    assert found.args[:5] == (
        NAMES.of("s-1"),
        ["executive_director", "public"],
        "AKSU",
        RECORDED,
        "/v1/audit?actor=…&?=1",
    )
    assert found.purpose == "дело 5\ufffd" + "x" * 293

    await access.admit(request(bearer(issuer, "executive_director", "AKSU")), (RECORDED,))
    found = reading()
    assert found is not None
    assert (found.request, found.purpose) == ("/v1/audit", None)

    await access.admit(request(bearer(issuer, "executive_director", "AKSU")), (READ,))
    assert reading() is None


async def test_what_everybody_may_read_is_not_recorded_of_nobody(access: Access) -> None:
    await access.admit(request(), ("registry.change.read",))
    assert reading() is None


@pytest.mark.parametrize("stated", [b"", b"\0"])
async def test_a_purpose_without_a_word_is_none(access: Access, issuer: DevelopmentIssuer, stated: bytes) -> None:
    await access.admit(
        request(bearer(issuer, "executive_director", "AKSU"), (b"aksu-purpose", stated)), ("platform.audit.read",)
    )
    found = reading()
    assert found is not None
    assert found.purpose is None
