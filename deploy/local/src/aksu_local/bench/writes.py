"""`POST /v1/services`: a command with its rules, scope, change log, idempotency key and durable commit."""

import json
from collections.abc import AsyncIterator
from itertools import count
from uuid import uuid4

from aksu_local.bench.line import Bar, Line
from aksu_local.bench.load import request
from aksu_local.bench.rig import Rig, alone, client

_UNIT = "requests/s"


async def writes(rig: Rig) -> AsyncIterator[Line]:
    """Against one statement in a bare handler, and against the textbook's three rows.

    The command is measured while the worker stands still, as nothing is relayed from the floors either; and beside it.
    """
    run, numbers = uuid4().hex, count()
    officer = rig.headers("municipality_officer", "MUNICIPALITY:BLG01")

    def body() -> bytes:
        return json.dumps(_service(f"Дом „Пример {run[:6]} {next(numbers)}“"), ensure_ascii=False).encode()

    def keyed() -> dict[str, str]:
        return {"Idempotency-Key": f"{run}-{next(numbers)}"}

    floor = rig.floors.url
    ours = client(
        rig.platform.url("registry"),
        lambda _: request("POST", "/v1/services", body=body(), headers=officer | keyed()),
        expect=201,
    )
    done = await rig.compare(
        {
            "raw": client(floor, lambda _: request("POST", "/raw/services", body=body()), expect=201),
            "write": alone(rig, "registry", ours),
            "beside": ours,
            "textbook": client(
                floor, lambda _: request("POST", "/textbook/services", body=body(), headers=keyed()), expect=201
            ),
        }
    )
    yield done.line("write raw", of="write", against="raw", unit=_UNIT, bar=Bar(ratio_at_least=0.35))
    yield done.line("write textbook", of="write", against="textbook", unit=_UNIT, bar=Bar(ratio_at_least=2))
    yield done.line("write beside its worker", of="beside", against="raw", unit=_UNIT, bar=None)


def _service(name: str) -> dict[str, object]:
    return {
        "name": name,
        "kind": "HOME_ELDERLY",
        "target_groups": ["ELDERLY"],
        "financing": "STATE_DELEGATED",
        "management": "SELF_PROVIDED",
        "capacity": 40,
        "municipality": "BLG01",
        "settlement": "гр. Банско",
        "address": "ул. „Примерна“ № 1",
        "responsible_provider": {"municipality": "BLG01"},
    }
