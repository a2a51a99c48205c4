"""How many requests each caller may make, in this process; the limit of the whole installation is the gateway's.

One theoretical arrival time per caller (GCRA): nothing is refilled, no caller costs more than one number. Who it is,
the count and the header together cost 2.4 µs of a request (docs/adr/0010).
"""

import time
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.types import Scope

from aksu_shared.auth.dependencies import Access
from aksu_shared.kernel.errors import TooManyRequests

_MINUTE: Final = 60.0
_MAX_CALLERS: Final = 10_000
_IPV6_NETWORK: Final = 64


class Rate:
    """`per_minute` requests a minute each, of which those of `window` seconds may come at once.

    Remembers the last 10,000 to 20,000 callers: who makes up names wins at most a burst with each, and no memory.
    """

    def __init__(self, per_minute: int, *, window: float = 1.0) -> None:
        self.per_minute = per_minute
        self._interval = _MINUTE / per_minute
        self._window = max(window, self._interval)
        self._recent: dict[str, float] = {}
        self._before: dict[str, float] = {}
        self.policy = f'"caller";q={int(self._window / self._interval + 1e-9)};w={max(1, round(self._window))}'
        self.policy_bytes = self.policy.encode()

    def take(self, caller: str, *, now: float | None = None) -> float:
        """Count one request; give the seconds until all of the quota is there again.

        Raises TooManyRequests with the seconds to wait, and the request is not counted.
        """
        moment = time.monotonic() if now is None else now
        due = self._recent.get(caller)
        if due is None:
            due = self._before.get(caller, moment)
            if len(self._recent) >= _MAX_CALLERS:
                self._before, self._recent = self._recent, {}
        used = max(due - moment, 0.0) + self._interval
        if used > self._window + 1e-9:
            raise TooManyRequests(retry_after=max(1, round(used - self._window)))
        self._recent[caller] = moment + used
        return used

    def standing(self, used: float) -> str:
        """The `RateLimit` header (draft-ietf-httpapi-ratelimit-headers) of a caller for whom `take` gave `used`."""
        return f'"caller";r={int((self._window - used) / self._interval + 1e-9)};t={int(used) + 1}'


class CallerRates:
    """Counts a request for whoever makes it, before anything of it is read: a subject, else an address.

    A token counts for its subject once it was verified; the first request with it, and every one with a token that does
    not hold, counts for the address, and so does trying out tokens.
    """

    def __init__(self, access: Access, *, subjects: Rate, addresses: Rate) -> None:
        self._access = access
        self._subjects = subjects
        self._addresses = addresses

    def take(self, scope: Scope) -> Sequence[tuple[bytes, bytes]]:
        """Count; give the headers that tell the caller how it stands. Raises TooManyRequests, which carries them."""
        principal = self._access.recognise(scope)
        if principal is not None:
            rate, caller = self._subjects, principal.subject
        else:
            rate, caller = self._addresses, network_of((scope["client"] or ("",))[0])
        try:
            used = rate.take(caller)
        except TooManyRequests as refused:
            refused.headers |= {
                "RateLimit": f'"caller";r=0;t={refused.params["retry_after"]}',
                "RateLimit-Policy": rate.policy,
            }
            raise
        return (b"ratelimit", rate.standing(used).encode()), (b"ratelimit-policy", rate.policy_bytes)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """By what an address is counted: itself, or its /64 network, all of which one IPv6 household holds."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address  # a socket file, a test
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return f"{IPv6Address(int(parsed) >> _IPV6_NETWORK << _IPV6_NETWORK)}/{_IPV6_NETWORK}"
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
