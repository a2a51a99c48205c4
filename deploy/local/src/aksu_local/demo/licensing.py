"""Step 3: a new provider registers a service and is licensed, in the order of the law."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from aksu_local.demo.importing import Imported
from aksu_local.demo.stage import Stage
from aksu_local.legal_clock import legal_now
from aksu_shared.kernel.clock import legal_day
from aksu_shared.kernel.eik import complete_eik

MUNICIPALITY = "PVN24"
NUMBER = re.compile(r"Л-3129-(\d+)/(\d\d)\.(\d\d)\.(\d{4})")
FRIDAY = 5
SHORTEST, LONGEST = 59, 10
"""Two months are at least 59 days; long holidays may add up to ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensed:
    """The service that got its licence."""

    service: dict[str, Any]
    eik: str
    before: int


async def licence_a_service(stage: Stage, *, imported: Imported) -> Licensed:
    """File, register, review, propose, grant: the licence gets its number and its five years."""
    stage.step("3. Licence: an application from filing to the licence")
    eik = complete_eik("99900001")
    owner = stage.platform.token("provider", f"PROVIDER:{eik}")
    service, position = await _service(stage, eik, owner)
    application = await _application(stage, service, owner, position)
    granted = await _decide(stage, application["id"])
    licence = await stage.get("licensing", f"/v1/licences/{granted['licence_id']}")
    _check_licence(stage, licence)
    total = await stage.count("licensing", "/v1/licences")
    stage.check("licences in all", got=total, want=imported.licences + 1)
    return Licensed(service=service, eik=eik, before=imported.licences)


async def _service(stage: Stage, eik: str, owner: str) -> tuple[dict[str, Any], str]:
    provider = {
        "eik": eik,
        "name": "Примерна фондация „Нов дом“",
        "legal_form": "NGO",
        "seat_municipality": MUNICIPALITY,
        "seat_address": "гр. Плевен, ул. Примерна 1",
    }
    await stage.post("registry", "/v1/providers", provider, token=owner)
    body = {
        "name": "Примерен дневен център за стари хора",
        "kind": "DAY_CENTRE_ELDERLY",
        "target_groups": ["ELDERLY"],
        "financing": "PRIVATE",
        "capacity": 30,
        "municipality": MUNICIPALITY,
        "settlement": "гр. Плевен",
        "address": "ул. Примерна 99",
        "responsible_provider": {"eik": eik},
    }
    answer = await stage.post("registry", "/v1/services", body, token=owner)
    position = answer.headers["Aksu-Position"]
    stage.say(f"service registered by its provider, {position}; licence required: {answer.json()['licence_required']}")
    return answer.json(), position


async def _application(stage: Stage, service: dict[str, Any], owner: str, position: str) -> dict[str, Any]:
    filed = await stage.post(
        "licensing",
        "/v1/applications",
        {"procedure": "ISSUE", "service_id": service["id"]},
        token=owner,
        headers={"Aksu-After": position},
    )
    stage.check("filed, once licensing knows the service (Aksu-After)", got=filed.json()["state"], want="SUBMITTED")
    registered = await _act(stage, filed.json()["id"], "register", {}, role="licensing_officer")
    due, received = date.fromisoformat(registered["decision_due"]), date.fromisoformat(registered["received_on"])
    stage.say(f"registered under {registered['incoming_number']}, received {received}, to be decided by {due}")
    months = (due.year - received.year) * 12 + due.month - received.month
    in_term = months in {2, 3} and due.isoweekday() <= FRIDAY and 0 <= (due - received).days - SHORTEST <= LONGEST
    stage.holds("two calendar months, ending on a working day (чл. 151, ал. 1 ЗСУ)", condition=in_term)
    return registered


async def _decide(stage: Stage, application: str) -> dict[str, Any]:
    await _act(stage, application, "start-review", {}, role="licensing_officer")
    await _assess(stage, application)
    await _act(stage, application, "propose-grant", {"reason": "Изискванията са изпълнени."}, role="licensing_officer")
    refused = await stage.post(
        "licensing",
        f"/v1/applications/{application}/grant",
        {"order_number": "РД-01-1"},
        token=stage.platform.token("licensing_officer", "AKSU", subject="demo-licensing_officer"),
        expect=403,
    )
    stage.check("who proposes does not decide", got=refused.json()["right"], want="licensing.application.decide")
    granted = await _act(stage, application, "grant", {"order_number": "РД-01-1"}, role="executive_director")
    stage.check("granted by another", got=granted["state"], want="GRANTED")
    return granted


async def _assess(stage: Stage, application: str) -> None:
    path, officer = f"/v1/applications/{application}/conditions", stage.platform.token("licensing_officer", "AKSU")
    reason = {"reason": "Изискванията са изпълнени."}
    early = await stage.post(
        "licensing", f"/v1/applications/{application}/propose-grant", reason, token=officer, expect=409
    )
    missing = early.json()["conditions"]
    stage.holds("nothing is proposed before its conditions are known (чл. 148 ЗСУ)", condition=len(missing) > 0)
    said = [{"condition": code, "result": "MET"} | reason for code in missing]
    await stage.post("licensing", path, {"assessments": said}, token=officer, expect=200)


async def _act(stage: Stage, application: str, verb: str, body: dict[str, Any], *, role: str) -> dict[str, Any]:
    token = stage.platform.token(role, "AKSU", subject=f"demo-{role}")
    answer = await stage.post("licensing", f"/v1/applications/{application}/{verb}", body, token=token, expect=200)
    document: dict[str, Any] = answer.json()
    return document


def _check_licence(stage: Stage, licence: dict[str, Any]) -> None:
    today = legal_day(legal_now(stage.platform.folder.clock))
    match = NUMBER.fullmatch(licence["number"])
    stage.holds(f"number {licence['number']} is Л-3129-<seq>/<dd.mm.yyyy>", condition=match is not None)
    stage.check("in force", got=licence["state"], want="ACTIVE")
    until = date.fromisoformat(licence["valid_until"])
    stage.say(f"valid from {licence['valid_from']} until {until}")
    stage.holds("five years", condition=0 <= (until - today).days - 365 * 5 <= FRIDAY)
