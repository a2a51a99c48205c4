"""Logs are constant sentences with fields; the correlation id of the request or event in hand goes on every line."""

import logging
import math
import re
import sys
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from random import getrandbits
from typing import Any, Final, NamedTuple, TextIO

import structlog
from pydantic_core import to_json

from aksu_shared.kernel.masking import without_quotes

_CORRELATION_ID: Final = re.compile(
    r"(?=[0-9-]*[a-f])(?:[0-9a-f]{16,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"  # digits alone may be a person's
    r"|[0-9A-HJKMNP-TV-Z]{26}",  # a ULID
    re.ASCII,
)
"""An id that a program has made. What anybody could write into it would stand in logs and audits for ever."""
_TRACEPARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)


class Correlation(NamedTuple):
    """What ties together the log lines, events and answers of one cause; `traceparent` is W3C Trace Context."""

    id: str
    traceparent: str | None = None

    @classmethod
    def of(cls, correlation_id: str | None, traceparent: str | None = None) -> "Correlation":
        """Take what a caller sent where it is an id: UUID, 16 to 64 hexadecimal digits, ULID; else make a new one."""
        if correlation_id is None or not _CORRELATION_ID.fullmatch(correlation_id):
            correlation_id = f"{getrandbits(128):032x}"
        if traceparent is not None and not _TRACEPARENT.fullmatch(traceparent):
            traceparent = None
        return cls(correlation_id, traceparent)


_CHATTY: Final = "aiokafka"
_SELDOM: Final = 10.0


class Seldom(logging.Filter):
    """Of each complaint of the Kafka client one in `seconds`: without its broker it has a hundred a second."""

    def __init__(self, seconds: float = _SELDOM) -> None:
        super().__init__()
        self.seconds = seconds
        self._last: dict[tuple[str, str], tuple[float, int]] = {}
        """Logger and sentence → when it was logged, and how often it was left out since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log it; what was left out since the last of its kind is counted in it as `left_out`."""
        if record.name.partition(".")[0] != _CHATTY:
            return True
        kind, now = (record.name, str(record.msg)), time.monotonic()
        logged, left_out = self._last.get(kind, (-math.inf, 0))
        if now - logged < self.seconds:
            self._last[kind] = logged, left_out + 1
            return False
        self._last[kind] = now, 0
        if left_out:
            record.left_out = left_out
        return True


_current: ContextVar[Correlation | None] = ContextVar("correlation", default=None)


def current_correlation() -> Correlation | None:
    """The correlation of the request or event in hand, or None outside both."""
    return _current.get()


def correlation_id() -> str | None:
    """Its id, or None."""
    correlation = _current.get()
    return correlation.id if correlation else None


def traceparent() -> str | None:
    """Its W3C `traceparent`, or None."""
    correlation = _current.get()
    return correlation.traceparent if correlation else None


def set_correlation(correlation: Correlation) -> None:
    """Bind for the rest of the current task: for the edge, where each request is a task of its own."""
    _current.set(correlation)


@contextmanager
def correlated(correlation: Correlation) -> Iterator[Correlation]:
    """Bind for a block: for consumers, which handle many events in one task."""
    token = _current.set(correlation)
    try:
        yield correlation
    finally:
        _current.reset(token)


def configure_logging(*, level: str = "INFO", json: bool = True, stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's loggers to `stream` (default stderr), one line per record.

    `level` is a name of the standard library. `json` False gives the coloured console of a developer.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    output = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        _add_correlation,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = _json_line if json else structlog.dev.ConsoleRenderer(colors=output.isatty())
    structlog.configure(
        processors=[renderer] if json else [*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(output)
    handler.addFilter(Seldom())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=threshold, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "aiokafka", "asyncio", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel(max(threshold, logging.WARNING))


# Without the values of local variables: they hold tokens and what people wrote about themselves.
_as_dicts: Final = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


def _exception(exc_info: structlog.typing.ExcInfo) -> list[dict[str, Any]]:
    """The chain of exceptions; their messages without what they quote, which is often what somebody sent."""
    chain = _as_dicts(exc_info)
    for link in chain:
        link["exc_value"] = without_quotes(link["exc_value"])
        link["exc_notes"] = [without_quotes(note) for note in link.get("exc_notes", ())]
    return chain


_add_exception: Final = structlog.processors.ExceptionRenderer(_exception)


def _json_line(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:  # noqa: ANN401 - a processor
    """One JSON object. One function rather than a chain of six: the access log pays for it at every request."""
    line = {
        "timestamp": event.pop("timestamp", None) or f"{datetime.now(UTC).isoformat()[:-6]}Z",
        "level": event.pop("level", method),
        "message": event.pop("event", ""),
    }
    if "exc_info" in event:
        event = _add_exception(logger, method, event)
    line.update(_add_correlation(logger, method, event))
    return to_json(line, fallback=str).decode()


def _add_correlation(
    _logger: Any,  # noqa: ANN401 - structlog's signature of a processor
    _method: str,
    event: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    correlation = _current.get()
    if correlation is not None:
        event.setdefault("correlation_id", correlation.id)
        if correlation.traceparent:
            event.setdefault("trace_id", correlation.traceparent[3:35])
    return event
