"""The issuer of development: its tokens hold everywhere, and say nothing that no token could."""

import json
from pathlib import Path

import pytest

from aksu_shared.auth.issuer import DevelopmentIssuer
from aksu_shared.auth.jwks import FileKeys
from aksu_shared.auth.pseudonym import DEVELOPMENT_KEY, Pseudonyms
from aksu_shared.auth.tokens import TokenRules, TokenVerifier

NAMES = Pseudonyms(DEVELOPMENT_KEY)


async def test_a_token_of_the_development_issuer_holds_at_every_service(tmp_path: Path) -> None:
    issuer = DevelopmentIssuer(tmp_path)
    raw = DevelopmentIssuer(tmp_path).issue("dev", roles=["provider"], body="PROVIDER:123456789").encode()
    for service in ("registry", "licensing", "monitoring", "reporting"):
        rules = TokenRules(issuer=issuer.issuer, audience=f"aksu-{service}")
        verifier = TokenVerifier(rules, FileKeys(issuer.jwks_file), pseudonyms=NAMES)
        assert (await verifier.principal(raw)).subject == NAMES.of("dev")
    assert "d" not in json.loads(issuer.jwks_file.read_text())["keys"][0]
    assert (tmp_path / "private.jwk").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("roles", "body"), [(["king"], None), (["provider"], "PROVIDER:1")])
def test_the_development_issuer_refuses_unknown_words(tmp_path: Path, roles: list[str], body: str | None) -> None:
    with pytest.raises(ValueError, match=r"king|no body code"):
        DevelopmentIssuer(tmp_path).issue("x", roles=roles, body=body)


async def test_the_development_issuer_writes_the_lower_s(tmp_path: Path) -> None:
    issuer = DevelopmentIssuer(tmp_path)
    rules = TokenRules(issuer=issuer.issuer, audience="aksu-registry", low_s=True)
    verifier = TokenVerifier(rules, FileKeys(issuer.jwks_file), pseudonyms=NAMES)
    for number in range(20):
        assert await verifier.principal(issuer.issue(f"dev-{number}", roles=["public"]).encode())
