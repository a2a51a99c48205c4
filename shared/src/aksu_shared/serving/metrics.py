"""Figures of the edge for Prometheus: requests by route template and status, their duration, and what was refused.

Counted in plain dictionaries, which one event loop needs no lock for, and turned into metrics when they are scraped:
the library's own counters cost several times as much per request.
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BUCKET_NAMES: Final = (*map(str, _BOUNDS), "+Inf")


class HttpFigures(Collector):
    """What happened to requests since the process started."""

    def __init__(self) -> None:
        self.active = 0
        self.refused = 0
        self._counts: dict[tuple[str, str, int], int] = {}
        self._buckets: dict[tuple[str, str], list[int]] = {}
        self._seconds: dict[tuple[str, str], float] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is the template, so that ids make no series of their own."""
        if method not in _METHODS:
            method = "OTHER"
        answered = (method, route, status)
        self._counts[answered] = self._counts.get(answered, 0) + 1
        timed = (method, route)
        buckets = self._buckets.get(timed)
        if buckets is None:
            buckets = self._buckets[timed] = [0] * len(_BUCKET_NAMES)
            self._seconds[timed] = 0.0
        buckets[bisect_left(_BOUNDS, seconds)] += 1
        self._seconds[timed] += seconds

    def collect(self) -> Iterable[Metric]:
        """The figures as Prometheus reads them."""
        requests = CounterMetricFamily("http_requests", "Requests answered", labels=["method", "route", "status"])
        for (method, route, status), count in self._counts.items():
            requests.add_metric([method, route, str(status)], count)
        duration = HistogramMetricFamily(
            "http_request_seconds",
            "Time from the request's headers to the end of its answer",
            labels=["method", "route"],
        )
        for timed, buckets in self._buckets.items():
            cumulated = [sum(buckets[: place + 1]) for place in range(len(buckets))]
            duration.add_metric(timed, list(zip(_BUCKET_NAMES, cumulated, strict=True)), self._seconds[timed])
        return (
            requests,
            duration,
            CounterMetricFamily(
                "http_requests_refused", "Refused at once: too many at work, or by one caller", self.refused
            ),
            GaugeMetricFamily("http_requests_active", "Requests at work", self.active),
        )


HTTP: Final = HttpFigures()
"""The figures of this process."""
REGISTRY.register(HTTP)


def exposition() -> tuple[bytes, str]:
    """Everything registered in this process, in the text format, and its media type."""
    return generate_latest(), CONTENT_TYPE_LATEST
