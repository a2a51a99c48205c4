"""No request stops a service while it is refused: for how long its loop does nothing else, on every route."""

import gc
from collections.abc import Iterator
from typing import Final

import pytest
from refusals import Refusal
from refused import ask
from security_figures import Figures
from test_refusals import everything, requests_of
from test_refusals import pytestmark as pytestmark  # noqa: PLC0414 - the same forms are cut here

from aksu_local.databases import SERVICES
from aksu_local.served import Serve, Served
from aksu_shared.serving.collector import collect_rarely

BAR_MS: Final = 50
TRIES: Final = 5
"""The best of so many counts: another process of the machine may take the processor meanwhile, ours always would."""


@pytest.fixture(autouse=True)
def as_a_server_collects() -> Iterator[None]:
    """A server leaves what it was built of out of the collector's rounds; a test's would take their time here."""
    usual = gc.get_threshold()
    collect_rarely()
    yield
    gc.unfreeze()
    gc.set_threshold(*usual)


async def blocked_ms(served: Served, request: Refusal, token: str) -> float:
    best = 1e9
    for _ in range(TRIES):
        best = min(best, (await ask(served.app, request, token)).blocked * 1000)
        if best < BAR_MS / 5:
            break
    return best


@pytest.mark.parametrize("service", SERVICES)
async def test_the_loop_is_never_blocked_for_longer_than_50_ms(service: str, serve: Serve, figures: Figures) -> None:
    served = await serve(service)
    token = everything(served)
    found = {request.name: await blocked_ms(served, request, token) for request in requests_of(service)}
    figures.record("loop_blocked_ms_max", round(max(found.values()), 1))
    assert {name: round(ms) for name, ms in found.items() if ms > BAR_MS} == {}
