"""Who may wait for something to happen, above all in long polls: many, and nobody so often that others cannot."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from aksu_shared.auth.dependencies import known_principal
from aksu_shared.kernel.errors import TooManyRequests, Unavailable
from aksu_shared.web.rate import network_of

_SHARE: Final = 4
"""A quarter of the seats is for programs; a quarter at most is for one address, programs apart."""


class WaitingRoom:
    """`seats` for all who wait at once, of whom each caller takes `each` at most: a subject, else an address.

    Programs, which hold tokens of their own, are the platform's services above all: they learn in this way of revoked
    access, so a quarter of the seats is kept for them.
    """

    def __init__(self, seats: int, *, each: int) -> None:
        self.seats = seats
        self.each = each
        self.taken = 0
        self._people = 0
        self._by: Counter[str] = Counter()

    @contextmanager
    def seat(self, scope: Scope) -> Iterator[None]:
        """Take one for the block. Raises TooManyRequests for a caller that holds its share, else Unavailable."""
        principal = known_principal(scope)
        address = network_of((scope["client"] or ("",))[0])
        person = principal is None or principal.system is None
        caller = address if principal is None or principal.anonymous else principal.subject
        bounds = {f"caller {caller}": self.each}
        if person:
            bounds[f"address {address}"] = max(self.each, self.seats // _SHARE)
        if any(self._by[holder] >= most for holder, most in bounds.items()):
            raise TooManyRequests
        if self.taken >= self.seats or (person and self._people >= self.seats - self.seats // _SHARE):
            raise Unavailable(retry_after=1)
        self.taken += 1
        self._people += person
        self._by.update(bounds.keys())
        try:
            yield
        finally:
            self.taken -= 1
            self._people -= person
            self._by.subtract(bounds.keys())
            for holder in bounds:
                if not self._by[holder]:
                    del self._by[holder]


async def unless_gone(until: Callable[[], Awaitable[object]], receive: Receive | None) -> None:
    """Return when `until()` does. Raises ClientDisconnect as soon as the client hangs up, which `receive` tells.

    Without `receive` that is not watched: there is a body still to be read, by somebody else.
    """
    if receive is None:
        await until()
        return
    waited, gone = asyncio.ensure_future(until()), asyncio.ensure_future(_hung_up(receive))
    try:
        await asyncio.wait((waited, gone), return_when=asyncio.FIRST_COMPLETED)
        if not waited.done():
            raise ClientDisconnect
        await waited
    finally:
        waited.cancel()
        gone.cancel()


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
