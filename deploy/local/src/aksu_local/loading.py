"""Sample data for a new platform, brought in as anybody would: over the registry's public interface."""

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from aksu_local.folder import Folder
from aksu_local.legal_clock import legal_now
from aksu_local.platform import Platform
from aksu_local.refusals import SampleRefused
from aksu_local.sample import REGISTER_FILE, municipal_services, write_register
from aksu_shared.kernel.clock import legal_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was loaded: rows of the register, and services that need no licence."""

    register_rows: int
    municipal_services: int


async def load_sample(platform: Platform) -> Sample:
    """Import the sample register and register the municipal services; safe to repeat. Raises SampleRefused."""
    today = _first_day(platform.folder)
    try:
        return await _load(platform, today=today)
    except httpx.HTTPError as failure:
        msg = f"the registry did not answer: {failure!r}"
        raise SampleRefused(msg) from failure


async def _load(platform: Platform, *, today: date) -> Sample:
    officer = _bearer(platform.token("licensing_officer", "AKSU"))
    async with httpx.AsyncClient(base_url=platform.url("registry"), headers=officer, timeout=300.0) as client:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / REGISTER_FILE
            write_register(file, today=today)
            rows = await _import(client, file)
        services = municipal_services(today=today)
        for number, body in enumerate(services):
            clerk = _bearer(platform.token("municipality_officer", f"MUNICIPALITY:{body['municipality']}"))
            key = {"Idempotency-Key": f"sample-service-{number}", **clerk}
            _accepted(await client.post("/v1/services", json=body, headers=key))
    return Sample(register_rows=rows, municipal_services=len(services))


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _first_day(folder: Folder) -> date:
    """The legal day of the first attempt: one that is repeated later must send the same bodies."""
    if "sample_day" not in folder.made():
        folder.remember(sample_day=legal_day(legal_now(folder.clock)).isoformat())
    return date.fromisoformat(folder.made()["sample_day"])


async def _import(client: httpx.AsyncClient, file: Path) -> int:
    with file.open("rb") as content:
        answer = await client.post("/v1/imports", files={"file": (file.name, content)})
    report = _accepted(answer)
    if report["refused"]:
        refused = next(row for row in report["results"] if row["errors"])
        msg = f"{report['refused']} rows of the sample register were refused, the first: {refused}"
        raise SampleRefused(msg)
    return int(report["rows"])


def _accepted(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        msg = f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}: {answer.text[:500]}"
        raise SampleRefused(msg)
    document: dict[str, Any] = answer.json()
    return document
