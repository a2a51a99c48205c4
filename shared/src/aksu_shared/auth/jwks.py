"""The issuer's public keys: fetched by discovery, kept, rotated, and never asked for more often than the cool-down."""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from aksu_shared.errors import Unavailable
from aksu_shared.web.strict_json import InvalidJson, loads

VerifyKey = ECKey | RSAKey

_log = structlog.get_logger(__name__)

COOL_DOWN: Final = 30.0
"""Least seconds between two fetches, whatever tokens arrive."""
FRESH: Final = 600.0
"""Seconds after which keys are fetched again on use, so that a withdrawn key is noticed."""
STALE: Final = 3600.0
"""Seconds that keys stay in use while the issuer cannot be reached."""
_MAX_BYTES: Final = 256 * 1024
_TIMEOUT: Final = httpx.Timeout(5)


class Keys(Protocol):
    """Where public keys come from; `generation` changes whenever the set does."""

    generation: int

    async def find(self, kid: str | None) -> VerifyKey | None:
        """The key of that id; without an id, the only key. None when there is none. Raises Unavailable."""
        ...


def usable_keys(document: Mapping[str, Any]) -> dict[str, VerifyKey]:
    """The RSA and EC signature keys of a JWKS by key id; others, and private parts, are left out. Raises ValueError."""
    try:
        found = KeySet.import_key_set({"keys": document["keys"]})
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ValueError("not a JWKS with usable keys") from error
    return {
        str(key.kid): key
        for key in found.keys
        if isinstance(key, ECKey | RSAKey) and key.get("use") in {None, "sig"} and not _weak(key)
    }


def _weak(key: VerifyKey) -> bool:
    """RSA below 2,048 bits (RFC 7518, 3.3), and curves that ES256 does not use."""
    if isinstance(key, RSAKey):
        return bool(key.public_key.key_size < 2048)  # noqa: PLR2004 - the RFC's figure
    return bool(key.curve_name != "P-256")


def _pick(keys: Mapping[str, VerifyKey], kid: str | None) -> VerifyKey | None:
    if kid is None:
        return next(iter(keys.values())) if len(keys) == 1 else None
    return keys.get(kid)


class FileKeys:
    """Keys in a file, for local and test platforms; read again when the file changes."""

    def __init__(self, path: Path) -> None:
        self.generation = 0
        self._path = path
        self._keys: dict[str, VerifyKey] = {}
        self._signature: tuple[int, int] | None = None

    async def find(self, kid: str | None) -> VerifyKey | None:
        """Look up `kid`. Raises Unavailable when the file is missing or unreadable."""
        try:
            status = self._path.stat()
            signature = (status.st_mtime_ns, status.st_ino)
            if signature != self._signature:
                self._keys = usable_keys(loads(self._path.read_bytes()))
                self._signature = signature
                self.generation += 1
        except (OSError, ValueError, InvalidJson) as error:
            _log.error("Key file cannot be read", path=str(self._path), error=type(error).__name__)
            raise Unavailable(retry_after=5) from error
        return _pick(self._keys, kid)


class DiscoveredKeys:
    """Keys of an OIDC issuer, found through `/.well-known/openid-configuration`.

    One fetch at a time and at most one per cool-down, an unknown key id included, so tokens of an attacker cannot
    make the service hammer its issuer. While the issuer is away known keys stay in use for an hour.
    """

    def __init__(
        self,
        issuer: str,
        *,
        jwks_url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.generation = 0
        self._issuer = issuer
        self._transport = transport
        self._jwks_url = jwks_url
        self._now = now
        self._keys: dict[str, VerifyKey] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, kid: str | None) -> VerifyKey | None:
        """Look up `kid`, fetching when it is unknown or the keys are old. Raises Unavailable without usable keys."""
        key = _pick(self._keys, kid)
        age = self._now() - self._fetched_at
        if (key is None and self._lock.locked()) or ((key is None or age > FRESH) and self._may_fetch()):
            async with self._lock:  # a caller without its key waits for the fetch that is under way
                if self._may_fetch():
                    await self._fetch()
            key = _pick(self._keys, kid)
        if self._now() - self._fetched_at > STALE:
            raise Unavailable(retry_after=int(COOL_DOWN))
        return key

    def _may_fetch(self) -> bool:
        return self._now() - self._tried_at >= COOL_DOWN

    async def _fetch(self) -> None:
        self._tried_at = self._now()
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT, transport=self._transport) as client:
                url = self._jwks_url or await self._discover(client)
                keys = usable_keys(await _document(client, url))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, InvalidJson) as error:
            _log.warning("Keys of the issuer cannot be fetched", issuer=self._issuer, error=type(error).__name__)
            return
        if {kid: key.as_dict() for kid, key in keys.items()} != {kid: key.as_dict() for kid, key in self._keys.items()}:
            self.generation += 1
            _log.info("Keys of the issuer changed", issuer=self._issuer, key_ids=sorted(keys))
        self._keys, self._fetched_at = keys, self._now()

    async def _discover(self, client: httpx.AsyncClient) -> str:
        document = await _document(client, self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        url = document.get("jwks_uri")
        if document.get("issuer") != self._issuer or not isinstance(url, str):
            raise ValueError("the discovery document names another issuer or no keys")
        return url


async def _document(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """The JSON object at `url`. Redirects are not followed. Raises httpx.HTTPError, ValueError, InvalidJson."""
    async with client.stream("GET", url, headers={"Accept": "application/json"}) as response:
        response.raise_for_status()
        body = b""
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _MAX_BYTES:
                raise ValueError("the document is too large")
    document = loads(body)
    if not isinstance(document, dict):
        raise ValueError("the document is no object")  # noqa: TRY004 - one error for every bad document
    return document
