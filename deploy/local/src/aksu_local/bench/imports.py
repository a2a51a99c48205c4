"""`POST /v1/imports`: new rows of the Agency's register, read, checked and stored with all that follows from them."""

import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median

from aksu_local.bench.line import Bar, Line
from aksu_local.bench.load import Connection, request
from aksu_local.bench.rig import Rig
from aksu_local.legal_clock import legal_now
from aksu_local.sample import SEED, write_register
from aksu_shared.kernel.clock import legal_day

PROVIDERS, SERVICES = 500, 1_500
_BOUNDARY = "bench-register"


async def imports(rig: Rig) -> AsyncIterator[Line]:
    """Against the same workbook read and its cells stored as they are; a register unknown to both in each round."""
    form = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"} | rig.headers("licensing_officer", "AKSU")
    ours, floor, rows = [], [], 0
    for number in range(max(2, rig.rounds // 2)):
        content, rows = _register(rig, number)
        bare = request("POST", "/raw/imports", body=content)
        whole = request("POST", "/v1/imports", body=_multipart(content), headers=form)
        await rig.settled()
        floor.append(rows / await _seconds(rig.floors.url, bare))
        await rig.settled()
        ours.append(rows / await _seconds(rig.platform.url("registry"), whole))
    yield Line(
        name="import",
        value=median(ours),
        unit="rows/s",
        floor=median(floor),
        ratio=median(a / b for a, b in zip(ours, floor, strict=True)),
        bar=Bar(at_least=500),
        details={"rows": rows, "rounds": [round(rate) for rate in ours]},
    )


def _register(rig: Rig, number: int) -> tuple[bytes, int]:
    """A register whose providers and licences no other one names, and how many rows it has."""
    today = legal_day(legal_now(rig.platform.folder.clock))
    with tempfile.TemporaryDirectory() as folder:
        made = write_register(
            Path(folder) / "register.xlsx",
            today=today,
            seed=SEED + 1 + number,
            providers=PROVIDERS,
            services=SERVICES,
            first_licence=(number + 1) * 10_000,
        )
        return made.path.read_bytes(), made.services


def _multipart(content: bytes) -> bytes:
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="register.xlsx"\r\n\r\n'
    return head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()


async def _seconds(url: str, payload: bytes) -> float:
    async with Connection(url) as connection:
        started = time.perf_counter()
        await connection.ask(payload, expect=200)
        return time.perf_counter() - started
