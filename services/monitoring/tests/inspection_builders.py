"""An inspection that the Agency conducts, from its plan on."""

from typing import Any

import httpx
from monitoring_builders import ADDRESS, INSPECTOR, PROVIDER

from aksu_local.served import Served

DIRECTOR: dict[str, Any] = {"role": "executive_director", "body": "AKSU", "subject": "director"}
CONDUCTING: dict[str, Any] = INSPECTOR | {"subject": "drafter"}
PERIOD = {"since": "2026-03-02", "until": "2026-03-06"}
PLAN: dict[str, Any] = {"kind": "SIGNAL", "place": ADDRESS, "provider_eik": "130007884", "period": PERIOD}
SUBJECT = "Спазване на стандартите за грижа"
ORDER: dict[str, Any] = {"order_number": "РД-01-7", "team": ["drafter", "colleague"], "subject": SUBJECT,
                         "period": PERIOD, "ordered_on": "2026-03-02"}  # fmt: skip
FAILED = {
    "standard": "1",
    "criterion": "1.2",
    "catalogue_version": "2022",
    "result": "NOT_MET",
    "note": "Липсва график",
}
MET = FAILED | {"result": "MET", "note": None}
PRESCRIPTION = {"text": "Да се изготви график", "due_on": "2027-04-05"}
REPORT = {"report_number": "Д-7"}
STEPS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "order": (ORDER, DIRECTOR),
    "start": ({}, CONDUCTING),
    "record-access-denied": ({"reason": "Не отварят"}, CONDUCTING),
    "draft-findings": ({"findings": [FAILED, MET | {"criterion": "1.3"}]}, CONDUCTING),
    "send-for-objections": ({"due_on": "2027-03-20"}, CONDUCTING),
    "object": ({"text": "График има, но не беше поискан."}, PROVIDER),
    "approve-report": (REPORT, DIRECTOR),
    "close-no-findings": ({}, CONDUCTING),
    "close-with-prescriptions": ({"prescriptions": [PRESCRIPTION]}, CONDUCTING),
    "require-follow-up": ({"due_on": "2027-05-05"}, CONDUCTING),
    "record-follow-up": ({"follow_up_inspection": "019a0000-0000-7000-8000-000000000000"}, CONDUCTING),
    "require-another-follow-up": ({"due_on": "2027-06-05", "reason": "Остава нарушение"}, CONDUCTING),
    "close": ({}, DIRECTOR),
    "cancel": ({"reason": "Мястото е закрито"}, DIRECTOR),
}
"""Verb → what is sent, and by whom."""
UNTIL_REPORT = ("order", "start", "draft-findings", "send-for-objections")
APPROVED = (*UNTIL_REPORT, "object", "approve-report")


async def planned(monitoring: Served, **changes: Any) -> str:
    """A planned inspection; its path."""
    answer = await monitoring.post("/v1/inspections", PLAN | changes, **INSPECTOR)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


async def try_step(
    monitoring: Served, path: str, verb: str, sent: dict[str, Any] | None = None, **changes: Any
) -> httpx.Response:
    body, who = STEPS[verb]
    return await monitoring.post(f"{path}/{verb}", body if sent is None else sent, **(who | changes))


async def step(
    monitoring: Served, path: str, verb: str, sent: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    answer = await try_step(monitoring, path, verb, sent, **changes)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def moved(monitoring: Served, *verbs: str) -> str:
    """An inspection moved on by these steps; its path."""
    path = await planned(monitoring)
    for verb in verbs:
        await step(monitoring, path, verb)
    return path


async def issued(monitoring: Served, **changes: Any) -> str:
    """A prescription that the inspector proposed and the director issued; its path."""
    path = await moved(monitoring, *APPROVED, "close-with-prescriptions")
    listed = await monitoring.get(f"/v1/prescriptions?inspection_id={path.rpartition('/')[2]}", **INSPECTOR)
    prescription = f"/v1/prescriptions/{listed.json()['items'][0]['id']}"
    answer = await monitoring.post(f"{prescription}/issue", changes, **DIRECTOR)
    assert answer.status_code == 200, answer.text
    return prescription


async def read(monitoring: Served, path: str, **who: Any) -> dict[str, Any]:
    caller = who or CONDUCTING
    headers = monitoring.headers(caller["role"], caller["body"], subject=caller.get("subject"))
    answer = await monitoring.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
