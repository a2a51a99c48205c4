"""Documents and checks as tests attach and read them."""

import hashlib
from typing import Any

import httpx
from licensing_rig import APPLICANT, DIRECTOR, OFFICER, Rig

from aksu_shared.web.uploads import attachment

NAME, EGN = "Първолета Уникална Примерова", "8001010008"
CHECK = {"position": "MANAGER", "name": NAME, "egn": EGN, "source": "CRIMINAL_RECORD", "result": "CLEAR"}
FILE, CONTENT = f"Свидетелство {NAME}.pdf", b"%PDF-1.7\n" + NAME.encode() + b"\n%%EOF\n"
DPO: dict[str, Any] = {"role": "data_protection_officer", "body": "AKSU"}
INSPECTOR: dict[str, Any] = {"role": "inspector", "body": "AKSU"}


async def attach(
    licensing: Rig, application: str, content: bytes = CONTENT, *, media: str = "application/pdf", name: str = FILE,
    key: str | None = None, **caller: Any,
) -> httpx.Response:  # fmt: skip
    headers = licensing.api.headers(**(caller or APPLICANT))
    headers |= {"Content-Type": media, "Content-Disposition": attachment(name), "Idempotency-Key": key or name + media}
    path = f"/v1/applications/{application}/documents?kind=CRIMINAL_RECORD"
    headers["Idempotency-Key"] = hashlib.sha256(headers["Idempotency-Key"].encode()).hexdigest()
    return await licensing.api.client.post(path, content=content, headers=headers)


async def documents(licensing: Rig, application: str, **caller: Any) -> list[dict[str, Any]]:
    answer = await licensing.api.get(f"/v1/applications/{application}/documents", **caller)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def checks(licensing: Rig, application: str, **caller: Any) -> list[dict[str, Any]]:
    answer = await licensing.api.get(f"/v1/applications/{application}/manager-checks", **(caller or OFFICER))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def checked(licensing: Rig, application: str) -> str:
    """A check; its subject's id."""
    answer = await licensing.api.post(f"/v1/applications/{application}/manager-checks", CHECK, **OFFICER)
    assert answer.status_code == 201, answer.text
    (check,) = await checks(licensing, application)
    return str(check["subject_id"])


async def decided(licensing: Rig, application: str) -> None:
    """The application is granted and the order communicated: the case is over."""
    await licensing.step(application, "propose-grant", {"reason": "Отговаря"}, **OFFICER)
    await licensing.step(application, "grant", {"order_number": "РД-01-1"}, **DIRECTOR)
    await licensing.step(application, "notify", {}, **OFFICER)


async def restrict(licensing: Rig, subject: str, act: str = "restrictions") -> httpx.Response:
    """The data protection officer restricts or erases what is held."""
    ground = {"erasures": "UNLAWFUL", "restrictions": "LEGAL_CLAIM"}[act]
    sent = {"ground": ground, "reference": "ЗЛД-1/2026"}
    return await licensing.api.post(f"/v1/subjects/{subject}/{act}", sent, **DPO)
