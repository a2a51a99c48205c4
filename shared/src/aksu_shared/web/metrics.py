"""Figures of the edge for Prometheus: requests by route template and status, their duration, and what was refused."""

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

_REQUESTS: Final = Counter("http_requests", "Requests answered", ["method", "route", "status"])
_SECONDS: Final = Histogram(
    "http_request_seconds",
    "Time from the first header byte handled to the last byte of the answer handed over",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REFUSED: Final = Counter("http_requests_refused", "Requests refused at once because too many were at work")
ACTIVE: Final = Gauge("http_requests_active", "Requests at work")

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# labels() takes a lock and builds a key; the children are few, so they are kept.
_counters: dict[tuple[str, str, int], Counter] = {}
_histograms: dict[tuple[str, str], Histogram] = {}


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request; `route` is the template, so that ids make no series of their own."""
    if method not in _METHODS:
        method = "OTHER"
    counter = _counters.get((method, route, status))
    if counter is None:
        counter = _counters[method, route, status] = _REQUESTS.labels(method, route, status)
    counter.inc()
    histogram = _histograms.get((method, route))
    if histogram is None:
        histogram = _histograms[method, route] = _SECONDS.labels(method, route)
    histogram.observe(seconds)


def exposition() -> tuple[bytes, str]:
    """Everything registered in this process, in the text format, and its media type."""
    return generate_latest(), CONTENT_TYPE_LATEST
