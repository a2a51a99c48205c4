"""How many requests each pushing system may make: a rate per minute with bursts of one second, in this process."""

import time
from typing import Final

from aksu_shared.errors import TooManyRequests

_MINUTE: Final = 60.0
_BURST_SECONDS: Final = 1.0
_MAX_CALLERS: Final = 10_000


class Rate:
    """Counts by caller: one theoretical arrival time each (GCRA), nothing to refill."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._interval = _MINUTE / per_minute
        self._burst = max(_BURST_SECONDS, self._interval)
        self._due: dict[str, float] = {}

    def take(self, caller: str, *, now: float | None = None) -> None:
        """Count one request. Raises TooManyRequests with the seconds to wait."""
        moment = time.monotonic() if now is None else now
        due = max(self._due.get(caller, moment), moment)
        if due - moment > self._burst - self._interval:
            raise TooManyRequests(retry_after=max(1, round(due - moment)))
        if len(self._due) >= _MAX_CALLERS and caller not in self._due:
            self._due = {name: at for name, at in self._due.items() if at > moment}
        self._due[caller] = due + self._interval
