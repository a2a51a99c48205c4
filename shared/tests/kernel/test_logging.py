"""Log lines: one JSON object each, from structlog and the standard library alike, with the correlation id."""

import io
import json
import logging
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog

from aksu_shared.kernel.logging import Correlation, Seldom, configure_logging, correlated, correlation_id, traceparent

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, settings = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**settings)


def test_both_kinds_of_loggers_write_one_json_line_with_the_correlation() -> None:
    stream = io.StringIO()
    configure_logging(level="INFO", stream=stream)
    with correlated(Correlation.of("ca5e000000000001", TRACE)):
        structlog.get_logger("a").info("Licence issued", number="Л-1")
        logging.getLogger("uvicorn.error").warning("Plain %s", "words")
    ours, theirs = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (
        ours.items()
        >= {"message": "Licence issued", "number": "Л-1", "level": "info", "correlation_id": "ca5e000000000001"}.items()
    )
    assert ours["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert (
        theirs.items()
        >= {"message": "Plain words", "logger": "uvicorn.error", "correlation_id": "ca5e000000000001"}.items()
    )
    assert ours["timestamp"].endswith("Z")


def test_a_failure_is_one_line_too() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    structlog.get_logger().error("Request failed unexpectedly", exc_info=ValueError("broken"))
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["exception"][0]["exc_value"] == "broken"


def test_below_the_level_nothing_is_written() -> None:
    stream = io.StringIO()
    configure_logging(level="WARNING", stream=stream)
    structlog.get_logger().info("Quiet")
    logging.getLogger("x").info("Quiet")
    assert stream.getvalue() == ""


def test_a_console_is_for_people() -> None:
    stream = io.StringIO()
    configure_logging(json=False, stream=stream)
    structlog.get_logger().info("Licence issued", number=5)
    assert "Licence issued" in stream.getvalue()
    assert "number=5" in stream.getvalue()


def test_a_correlation_holds_for_its_block_only() -> None:
    assert correlation_id() is None
    with correlated(Correlation.of("0c7e400000000001")):
        with correlated(Correlation.of("144e400000000001", TRACE)):
            assert (correlation_id(), traceparent()) == ("144e400000000001", TRACE)
        assert (correlation_id(), traceparent()) == ("0c7e400000000001", None)
    assert correlation_id() is None


@pytest.mark.parametrize(
    "given",
    ["", "00-0-0-01", TRACE.upper(), TRACE + "-more", TRACE.replace("00-4", "ff-4"), "00-" + "0" * 32 + TRACE[35:]],
)
def test_a_malformed_traceparent_is_dropped(given: str) -> None:
    assert Correlation.of("x", given).traceparent is None


def test_the_kafka_client_complains_once_where_it_would_a_hundred_times() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    for node in range(100):
        logging.getLogger("aiokafka").error("Unable connect to node with id %s", node)
        logging.getLogger("aiokafka.consumer").error("Failed fetch from %s", node)
        logging.getLogger("ours").error("Failed too: %s", node)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert Counter(line["logger"] for line in lines) == {"aiokafka": 1, "aiokafka.consumer": 1, "ours": 100}


def test_a_complaint_counts_what_was_left_out_before_it() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(left_out)s", defaults={"left_out": 0}))
    seldom = Seldom(seconds=60)
    handler.addFilter(seldom)
    logger = logging.getLogger("aiokafka.test")
    logger.addHandler(handler)
    try:
        for number in range(4):
            logger.error("no broker")
            if number == 2:
                seldom.seconds = 0
    finally:
        logger.removeHandler(handler)
    assert stream.getvalue().splitlines() == ["no broker 0", "no broker 2"]
