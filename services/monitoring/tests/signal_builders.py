"""Signals that somebody sent, and who deals with them."""

from datetime import UTC, datetime
from typing import Any

from monitoring_builders import INSPECTOR

from aksu_local.served import Served
from aksu_local.waiting import eventually
from aksu_shared.kernel.clock import Clock, write_offset

DPO: dict[str, Any] = {"role": "data_protection_officer", "body": "AKSU"}
DIRECTOR: dict[str, Any] = {"role": "executive_director", "body": "AKSU"}
RDSP: dict[str, Any] = {"role": "body_officer", "body": "RDSP:BLG"}
OTHER_RDSP: dict[str, Any] = {"role": "body_officer", "body": "RDSP:SOF"}
SENDER = {"name": "Пенка Подателева", "phone": "+359 888 123 456", "email": "penka@example.bg"}
RESIDENT = {"name": "Стоян Засегнатов", "egn": "4001010000"}
TEXT = "В дома не дават вода на баща ми Стоян Засегнатов."
PERSONAL = (SENDER["name"], "888 123 456", "888123456", "penka@example.bg", RESIDENT["name"], RESIDENT["egn"], TEXT)
SIGNAL: dict[str, Any] = {
    "category": "NEGLECT",
    "municipality": "BLG03",
    "danger_to_life": True,
    "text": TEXT,
    "signaller": SENDER,
    "concerned": [RESIDENT],
}
TRIAGE = {"category": "NEGLECT", "danger_to_life": True}
CALM = TRIAGE | {"danger_to_life": False}
TOLD = "Сигнал за липса на вода в дома; проверете."
FORWARD = {"body": "RDSP:BLG", "text": TOLD}
GROUND = {"ground": "UNLAWFUL", "reference": "ЗЛД-1/2026"}


async def on(monitoring: Served, day: str) -> None:
    """Make it noon of `day` in legal time."""
    write_offset(monitoring.clock_file, datetime.fromisoformat(f"{day}T10:00:00+00:00") - datetime.now(UTC))

    async def today() -> str:
        clock: Clock = monitoring.app.state.api.clock
        return clock.today().isoformat()

    await eventually(today, day.__eq__)


async def filed(monitoring: Served, **changes: Any) -> str:
    """A signal that somebody without a token sent; its path."""
    answer = await monitoring.post("/v1/signals", SIGNAL | changes)
    assert answer.status_code == 201, answer.text
    found = await monitoring.get(f"/v1/signals?receipt={answer.json()['receipt']}", **INSPECTOR)
    (item,) = found.json()["items"]
    return f"/v1/signals/{item['id']}"


async def step(
    monitoring: Served, path: str, verb: str, sent: dict[str, Any], who: dict[str, Any] = INSPECTOR
) -> dict[str, Any]:
    answer = await monitoring.post(f"{path}/{verb}", sent, **who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(monitoring: Served, path: str, **who: Any) -> dict[str, Any]:
    answer = await monitoring.get(path, **(who or INSPECTOR))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def subject(monitoring: Served, path: str, who: str = "signaller") -> str:
    """The id of a person of whom a signal tells."""
    found = (await read(monitoring, path, **DPO))[who]
    return str((found if who == "signaller" else found[0])["subject_id"])
