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

from aksu_shared.kernel.errors import Unavailable
from aksu_shared.kernel.strict_json import InvalidJson, loads

VerifyKey = ECKey | RSAKey

_log = structlog.get_logger(__name__)

COOL_DOWN: Final = 30.0
"""Least seconds between two fetches, whatever tokens arrive."""
FRESH: Final = 600.0
"""Seconds after which keys are fetched again on use, so that a withdrawn key is noticed."""
STALE: Final = 3600.0
"""Seconds that keys stay in use while the issuer cannot be reached."""
_MAX_BYTES: Final = 256 * 1024
_PATIENCE: Final = 8.0
"""Seconds for discovery and keys together: below the deadline of a request, which may have to wait for them."""


class Keys(Protocol):
    """Where public keys come from; `generation` changes whenever the set does.

    `as_of`: the instant, in seconds since the epoch, at which the set was the issuer's; a key may be newer than that.
    """

    generation: int

    @property
    def as_of(self) -> float:
        """See above."""
        ...

    async def find(self, kid: str | None) -> VerifyKey | None:
        """The key of that id; without an id, the only key. None when there is none. Raises Unavailable."""
        ...


def usable_keys(document: Mapping[str, Any]) -> dict[str, VerifyKey]:
    """The RSA and EC signature keys of a JWKS by key id; others, and private parts, are left out. Raises ValueError."""
    try:
        found = KeySet.import_key_set({"keys": document["keys"]})
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ValueError("not a JWKS with usable keys") from error
    usable = {
        str(key.kid): key
        for key in found.keys
        if isinstance(key, ECKey | RSAKey) and key.get("use") in {None, "sig"} and not _weak(key)
    }
    if not usable:
        raise ValueError("a JWKS without usable keys")
    return usable


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

    @property
    def as_of(self) -> float:
        """Always now: the file is looked at each time."""
        return float("inf")

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
    make the service hammer its issuer. While the issuer is away known keys stay in use for an hour. With `https_only`
    an address of keys that the issuer names must be of https.
    """

    def __init__(
        self,
        issuer: str,
        *,
        jwks_url: str | None = None,
        https_only: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.generation = 0
        self._issuer = issuer
        self._transport = transport
        self._jwks_url = jwks_url
        self._https_only = https_only
        self._now = now
        self._keys: dict[str, VerifyKey] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self.as_of = float("-inf")

    async def find(self, kid: str | None) -> VerifyKey | None:
        """Look up `kid`, fetching when it is unknown or the keys are old. Raises Unavailable without usable keys.

        Who has its key waits for nobody: keys that are only old are looked at again beside the request.
        """
        key = _pick(self._keys, kid)
        age = self._now() - self._fetched_at
        if key is None or age > STALE:
            if self._lock.locked() or self._may_fetch():
                await self._look_again()
            key = _pick(self._keys, kid)
        elif age > FRESH and self._may_fetch() and not self._lock.locked():
            self._looking = asyncio.create_task(self._look_again())
        if self._now() - self._fetched_at > STALE:
            raise Unavailable(retry_after=int(COOL_DOWN))
        return key

    async def _look_again(self) -> None:
        """Fetch, or wait for the fetch that is under way."""
        async with self._lock:
            if self._may_fetch():
                await self._fetch()

    def _may_fetch(self) -> bool:
        return self._now() - self._tried_at >= COOL_DOWN

    async def _fetch(self) -> None:
        self._tried_at, asked_at = self._now(), time.time()
        try:
            async with (
                asyncio.timeout(_PATIENCE),
                httpx.AsyncClient(transport=self._transport) as client,
            ):
                url = self._jwks_url or await self._discover(client)
                keys = usable_keys(await _document(client, url))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, InvalidJson) as error:
            _log.warning("Keys of the issuer cannot be fetched", issuer=self._issuer, error=type(error).__name__)
            return
        if {kid: key.as_dict() for kid, key in keys.items()} != {kid: key.as_dict() for kid, key in self._keys.items()}:
            self.generation += 1
            _log.info("Keys of the issuer changed", issuer=self._issuer, key_ids=sorted(keys))
        self._keys, self._fetched_at, self.as_of = keys, self._now(), asked_at

    async def _discover(self, client: httpx.AsyncClient) -> str:
        document = await _document(client, self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        url = document.get("jwks_uri")
        if document.get("issuer") != self._issuer or not isinstance(url, str):
            raise ValueError("the discovery document names another issuer or no keys")
        if self._https_only and not url.startswith("https://"):
            raise ValueError("the discovery document names keys that anybody on the way may change")
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
