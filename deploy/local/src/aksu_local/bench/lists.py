"""`GET /v1/services`, 50 of all services, in the scope of a signed-in officer."""

from collections.abc import AsyncIterator

from aksu_local.bench.line import Bar, Line
from aksu_local.bench.load import request
from aksu_local.bench.rig import Rig, client

_UNIT = "requests/s"


async def lists(rig: Rig) -> AsyncIterator[Line]:
    """Against the same rows read by a bare handler and by the textbook's."""
    officer = rig.headers("municipality_officer", "MUNICIPALITY:BLG03")
    ours = request("GET", "/v1/services?limit=50", headers=officer)
    bare, book = request("GET", "/raw/services"), request("GET", "/textbook/services")
    done = await rig.compare(
        {
            "raw": client(rig.floors.url, lambda _: bare, expect=200),
            "list": client(rig.platform.url("registry"), lambda _: ours, expect=200),
            "textbook": client(rig.floors.url, lambda _: book, expect=200),
        }
    )
    yield done.line("list raw", of="list", against="raw", unit=_UNIT, bar=Bar(ratio_at_least=0.7))
    yield done.line("list textbook", of="list", against="textbook", unit=_UNIT, bar=Bar(ratio_at_least=4))
