"""How many requests a caller may make, and by what it is told apart from others."""

import time
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI

from aksu_shared.auth.issuer import DevelopmentIssuer
from aksu_shared.kernel.errors import TooManyRequests
from aksu_shared.serving.server import serving
from aksu_shared.web.rate import _MAX_CALLERS, Rate, network_of

SPOOFED = {"X-Forwarded-For": "203.0.113.7"}


def test_a_burst_of_one_window_passes_and_what_exceeds_it_waits() -> None:
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


def test_what_is_left_is_told_down_to_nothing() -> None:
    rate = Rate(60, window=10)
    assert rate.policy == '"caller";q=10;w=10'
    left = [rate.standing(rate.take("a", now=50)) for _ in range(10)]
    assert left[0] == '"caller";r=9;t=2'
    assert left[-1] == '"caller";r=0;t=11'


def test_made_up_callers_cost_no_memory_and_do_not_help_the_one_who_is_over() -> None:
    rate = Rate(6)
    rate.take("a", now=0)
    for number in range(3 * _MAX_CALLERS):
        rate.take(f"made up {number}", now=0)
        if number % 1000 == 0:
            with pytest.raises(TooManyRequests):
                rate.take("a", now=0)
        if number > _MAX_CALLERS:
            break
    for number in range(5 * _MAX_CALLERS):
        rate.take(f"more {number}", now=0)
    assert len(rate._recent) + len(rate._before) <= 2 * _MAX_CALLERS


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.4", "198.51.100.4"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.4", "198.51.100.4"),
        ("", ""),
    ],
)
def test_an_address_is_counted_by_what_one_household_holds(address: str, network: str) -> None:
    assert network_of(address) == network


def test_counting_costs_less_than_ten_microseconds() -> None:
    rate, rounds = Rate(60_000_000, window=10), 20_000
    best = 1.0
    for _ in range(3):
        began = time.process_time()
        for _ in range(rounds):
            rate.standing(rate.take(network_of("198.51.100.4")))
        best = min(best, (time.process_time() - began) / rounds)
    assert best < 10e-6


def client_of(app: FastAPI, address: str = "198.51.100.4") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(address, 1)), base_url="http://test")


async def test_who_asks_too_often_is_told_when_to_come_back(make_app: Callable[..., FastAPI]) -> None:
    app = make_app(anonymous_requests_per_minute=12)
    async with client_of(app) as client, client_of(app, "198.51.100.5") as other:
        answers = [await client.get("/v1/things") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"caller";q=2;w=10'
        assert answers[0].headers["ratelimit"].startswith('"caller";r=1;t=')
        refused = answers[2]
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "too_many_requests"
        assert 1 <= int(refused.headers["retry-after"]) <= 5
        assert refused.headers["ratelimit"] == f'"caller";r=0;t={refused.headers["retry-after"]}'
        assert (await other.get("/v1/things")).status_code == 200
        assert (await client.get("/healthz")).status_code == 200


async def test_a_verified_subject_is_counted_by_itself_wherever_it_comes_from(
    make_app: Callable[..., FastAPI], officer: dict[str, str]
) -> None:
    app = make_app(requests_per_minute=12, anonymous_requests_per_minute=60)
    statuses = []
    for number in range(4):
        async with client_of(app, f"198.51.100.{number}") as client:
            statuses.append((await client.get("/v1/things", headers=officer)).status_code)
    assert statuses == [200, 200, 200, 429]  # the first request, whose token was not known yet, counted for its address


async def test_trying_out_tokens_counts_for_the_address(
    make_app: Callable[..., FastAPI], issuer: DevelopmentIssuer
) -> None:
    app = make_app(anonymous_requests_per_minute=18)
    good = issuer.issue("officer", roles=["licensing_officer"], body="AKSU")
    async with client_of(app) as client:
        answers = [
            await client.get("/v1/things", headers={"Authorization": f"Bearer {good[:-8]}{number:08}"})
            for number in range(4)
        ]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]


@pytest.mark.parametrize(("trusted", "shared"), [((), True), (("127.0.0.1",), False)])
async def test_a_forwarded_address_counts_from_configured_proxies_only(
    make_app: Callable[..., FastAPI], trusted: tuple[str, ...], *, shared: bool
) -> None:
    app = make_app(anonymous_requests_per_minute=6, trusted_proxies=trusted)
    async with serving(app, trusted_proxies=trusted) as url, httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/v1/things", headers=SPOOFED)).status_code == 200
        other = await client.get("/v1/things", headers={"X-Forwarded-For": "203.0.113.8"})
        assert other.status_code == (429 if shared else 200)
