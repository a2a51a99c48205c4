"""An OpenID Connect issuer on a port of its own: discovery, keys that rotate, answers that fail; any token at all."""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Self

from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry

Key = ECKey | RSAKey
DISCOVERY: Final = "/.well-known/openid-configuration"


class Issuer:
    """Serves over HTTP on loopback; `fetched` holds the instants, by `now`, at which its keys were asked for."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.keys: list[Key] = [ECKey.generate_key("P-256", auto_kid=True)]
        self.status = 200
        self.silent = False
        self.fetched: list[float] = []
        self._now = now
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def rotate(self, *, keep: bool = True) -> Key:
        """A new key, used from now on; the old ones stay published, or are withdrawn."""
        new = ECKey.generate_key("P-256", auto_kid=True)
        self.keys = [*self.keys, new] if keep else [new]
        return new

    def token(self, *, header: Mapping[str, Any] | None = None, key: Key | None = None, **claims: Any) -> str:
        """A token of the newest key; a claim or header given as None is left out."""
        signer = key or self.keys[-1]
        now = int(time.time())
        body = {"iss": self.url, "aud": "aksu-registry", "sub": "s-1", "iat": now, "exp": now + 300,
                "roles": ["executive_director"], "body": "AKSU"} | claims  # fmt: skip
        head = {"alg": "ES256", "typ": "at+jwt", "kid": signer.kid} | dict(header or {})
        return sign(_given(head), _given(body), signer)

    def most_in(self, seconds: float) -> int:
        """The largest number of fetches within any span of so many seconds."""
        return max((sum(at <= other < at + seconds for other in self.fetched) for at in self.fetched), default=0)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            path = request.split(b" ", 2)[1].decode()
            if path != DISCOVERY:
                self.fetched.append(self._now())
            if self.silent:
                return
            document = (
                {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
                if path == DISCOVERY
                else KeySet([*self.keys]).as_dict(private=False)
            )
            body = json.dumps(document).encode()
            head = f"HTTP/1.1 {self.status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        self._open.discard(writer)


def sign(header: Mapping[str, Any], claims: Any, key: Key) -> str:
    """A signature over any header and claims, those that no library would make included."""
    signing = part(header) + "." + part(claims)
    algorithm = JWSRegistry.algorithms[header["alg"]]
    return signing + "." + part(algorithm.sign(signing.encode(), key))


def part(value: Any) -> str:
    """One part of a token."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
