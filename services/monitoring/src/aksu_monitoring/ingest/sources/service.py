"""Whether a message may be taken from a system: it was added, is not disabled, and signed what it sent."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from typing import Final

from aksu_monitoring.ingest.sources.errors import SignatureRefused, SourceDisabled, SourceUnknown
from aksu_monitoring.ingest.sources.signatures import SignatureFault, verify
from aksu_monitoring.ingest.sources.store import Database, Sender, senders
from aksu_shared.privacy.keys import KeyRing
from aksu_shared.web.request import beside_if_large

_REMEMBERED: Final = 1.0
"""Seconds after which a change of sources or keys counts everywhere."""


class Senders:
    """Knows all sources; asks the database again when what it knows is a second old.

    `unregistered`: whether a system nobody added may push, unsigned; one that was added signs in any case.
    """

    def __init__(self, *, unregistered: bool, ring: KeyRing) -> None:
        self._unregistered = unregistered
        self._ring = ring
        self._known: Mapping[str, Sender] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def admit(
        self, database: Database, name: str, headers: Mapping[str, str], body: bytes, *, whole: bool, now: float
    ) -> None:
        """Let a message of `name` pass. `whole`: its attributes are in the body too, so that the signature covers them.

        `now`: when it came, in seconds since the epoch. Raises SourceUnknown, SourceDisabled, SignatureRefused.
        """
        sender = (await self._senders(database)).get(name)
        if sender is None:
            if self._unregistered:
                return
            raise SourceUnknown
        if sender.disabled:
            raise SourceDisabled
        if not whole:
            raise SignatureRefused(fault="attributes_unsigned")
        try:
            await beside_if_large(body, partial(verify, headers, body, keys=sender.keys, now=now))
        except SignatureFault as fault:
            raise SignatureRefused(fault=fault.fault) from None

    async def _senders(self, database: Database) -> Mapping[str, Sender]:
        if time.monotonic() - self._read_at > _REMEMBERED:
            async with self._reading:
                if time.monotonic() - self._read_at > _REMEMBERED:
                    asked = time.monotonic()
                    self._known = await senders(database, self._ring)
                    self._read_at = asked
        return self._known
