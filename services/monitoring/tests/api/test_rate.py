"""How often a pushing system may push."""

import pytest

from aksu_monitoring.api.rate import Rate
from aksu_shared.errors import TooManyRequests


def test_a_burst_of_one_second_passes_and_what_exceeds_it_waits() -> None:
    rate = Rate(600)
    for _ in range(10):
        rate.take("a", now=100)
    with pytest.raises(TooManyRequests) as refused:
        rate.take("a", now=100)
    assert int(refused.value.headers["Retry-After"]) >= 1
    rate.take("a", now=100.11)
    rate.take("b", now=100)


def test_a_slow_rate_lets_one_request_through_per_interval() -> None:
    rate = Rate(6)
    rate.take("a", now=0)
    with pytest.raises(TooManyRequests):
        rate.take("a", now=9)
    rate.take("a", now=10.1)


def test_a_steady_rate_is_never_refused() -> None:
    rate = Rate(60)
    for second in range(300):
        rate.take("a", now=second * 1.0001)
