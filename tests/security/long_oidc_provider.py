"""A real OpenID provider issues the tokens: discovery, client credentials, an audience per service, rotation."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest_asyncio
from security_figures import Figures

from aksu_local.process import free_port
from aksu_local.served import Serve, Served
from aksu_shared.auth.jwks import DiscoveredKeys

HERE = Path(__file__).parent / "oidc"


@dataclass
class Provider:
    """The provider's process."""

    url: str
    process: asyncio.subprocess.Process

    async def said(self, word: str) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while word not in (line := await self.process.stdout.readline()).decode():
                assert line, "the provider ended: is tests/security/oidc installed (make security)?"

    async def token(self, client: str, service: str) -> str:
        async with httpx.AsyncClient() as http:
            answer = await http.post(
                f"{self.url}/token",
                auth=(client, "secret"),
                data={"grant_type": "client_credentials", "resource": f"urn:aksu:{service}", "scope": "api"},
            )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def rotate(self) -> None:
        self.process.send_signal(signal.SIGHUP)
        await self.said("rotated")


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "node", str(HERE / "provider.mjs"), str(port),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    found = Provider(f"http://127.0.0.1:{port}", process)
    try:
        await found.said("ready")
        yield found
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def served(serve: Serve, provider: Provider, service: str) -> Served:
    return await serve(service, oidc_issuer=provider.url, oidc_jwks_file=None)


async def ask(service: Served, path: str, token: str) -> int:
    return (await service.client.get(path, headers={"Authorization": f"Bearer {token}"})).status_code


async def test_its_tokens_open_what_their_roles_and_audience_allow(
    serve: Serve, provider: Provider, figures: Figures
) -> None:
    licensing = await served(serve, provider, "licensing")
    inspector = await provider.token("inspector", "licensing")
    system = await provider.token("portal", "licensing")
    answers = {
        "inspector": await ask(licensing, "/v1/applications", inspector),
        "system": await ask(licensing, "/v1/applications", system),
        "other audience": await ask(licensing, "/v1/applications", await provider.token("inspector", "registry")),
        "changed": await ask(licensing, "/v1/applications", inspector[:-8] + "AAAAAAAA"),
    }
    figures.record("forged_accepted", sum(answers[name] != 401 for name in ("other audience", "changed")))
    figures.record("good_refused", answers["inspector"] != 200)
    assert answers == {"inspector": 200, "system": 403, "other audience": 401, "changed": 401}


async def test_its_rotation_refuses_no_good_token(serve: Serve, provider: Provider, figures: Figures) -> None:
    registry = await served(serve, provider, "registry")
    keys = registry.app.state.access._verifier._keys
    assert isinstance(keys, DiscoveredKeys)
    before = await provider.token("inspector", "registry")
    assert await ask(registry, "/v1/services", before) == 200
    await provider.rotate()
    after = await provider.token("inspector", "registry")
    put_off = await ask(registry, "/v1/services", after)
    keys._tried_at -= 30  # the cool-down has passed
    statuses = [await ask(registry, "/v1/services", token) for token in (after, before)]
    figures.record("good_refused", statuses.count(401) + (put_off == 401))
    assert (put_off, statuses) == (503, [200, 200])
