"""Documents of applications and checks of managers: sealed, for who may, as long as they may be held."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from licensing_rig import APPLICANT, DIRECTOR, OFFICER, STRANGER, Rig

from aksu_shared.privacy.expiry import expire
from aksu_shared.privacy.retention import Retention
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


@pytest.fixture
async def application(licensing: Rig) -> str:
    return await licensing.reviewed()


async def checked(licensing: Rig, application: str) -> str:
    """A check; its subject's id."""
    answer = await licensing.api.post(f"/v1/applications/{application}/manager-checks", CHECK, **OFFICER)
    assert answer.status_code == 201, answer.text
    (check,) = await checks(licensing, application)
    return str(check["subject_id"])


async def test_the_applicant_attaches_and_the_officer_opens(licensing: Rig, application: str) -> None:
    answer = await attach(licensing, application)
    assert answer.status_code == 201, answer.text
    (seen,) = await documents(licensing, application, **OFFICER)
    assert (seen["name"], seen["kind"], seen["size"]) == (FILE, "CRIMINAL_RECORD", len(CONTENT))
    assert seen["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    for caller in (OFFICER, DIRECTOR, APPLICANT):
        sent = await licensing.api.get(f"/v1/documents/{seen['id']}/content", **caller)
        assert (sent.status_code, sent.content) == (200, CONTENT)
        assert sent.headers["Content-Disposition"] == attachment(FILE)
        assert sent.headers["X-Content-Type-Options"] == "nosniff"
        assert (sent.headers["Content-Type"], sent.headers["Cache-Control"]) == ("application/pdf", "no-store")


async def test_who_sees_the_application_sees_the_document_without_its_name(licensing: Rig, application: str) -> None:
    await attach(licensing, application)
    (seen,) = await documents(licensing, application, **INSPECTOR)
    assert (seen["name"], seen["subject_id"], seen["sha256"]) == (None, None, hashlib.sha256(CONTENT).hexdigest())
    path = f"/v1/documents/{seen['id']}/content"
    assert (await licensing.api.get(path, **INSPECTOR)).status_code == 403
    assert (await licensing.api.get(path, **STRANGER)).status_code == 404
    assert (await licensing.api.get(path)).status_code == 401
    hidden = await licensing.api.get(f"/v1/applications/{application}/documents", **STRANGER)
    assert hidden.status_code == 404


async def test_others_attach_nothing(licensing: Rig, application: str) -> None:
    assert (await attach(licensing, application, **STRANGER)).status_code == 404
    assert (await attach(licensing, application, **INSPECTOR)).status_code == 403
    assert (await attach(licensing, application, **OFFICER)).status_code == 201
    refused = await licensing.api.post(f"/v1/applications/{application}/manager-checks", CHECK, **APPLICANT)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("media", "name", "content", "code"),
    [
        ("application/pdf", "x.pdf", b"MZ\x90\0", "file_type_mismatch"),
        ("image/png", "x.png", CONTENT, "file_type_mismatch"),
        ("application/pdf", "x.exe", CONTENT, "file_name_refused"),
        ("application/pdf", "../x.pdf", CONTENT, "file_name_refused"),
        ("application/pdf", "x\u202efdp.pdf", CONTENT, "file_name_refused"),
        ("application/zip", "x.zip", CONTENT, "unsupported_media_type"),
        ("application/pdf", "x.pdf", b"%PDF-" + bytes(10 << 20) + b"%%EOF", "too_large"),
    ],
)
async def test_what_is_no_document_is_refused(licensing: Rig, media: str, name: str, content: bytes, code: str) -> None:
    application = await licensing.reviewed()
    answer = await attach(licensing, application, content, media=media, name=name)
    assert answer.status_code in {413, 415, 422}
    assert answer.json()["code"] == code
    assert await documents(licensing, application, **OFFICER) == []


async def test_after_the_decision_nothing_is_attached(licensing: Rig) -> None:
    granted = await licensing.granted()
    answer = await attach(licensing, granted["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "application_decided")


async def test_a_repeated_upload_attaches_once(licensing: Rig, application: str) -> None:
    first, again = [await attach(licensing, application, key="one") for _ in range(2)]
    assert again.content == first.content
    assert len(await documents(licensing, application, **OFFICER)) == 1


async def test_a_check_is_read_by_officers_and_by_nobody_else(licensing: Rig, application: str) -> None:
    await checked(licensing, application)
    for caller in (OFFICER, DIRECTOR):
        (check,) = await checks(licensing, application, **caller)
        assert {name: check[name] for name in CHECK} == CHECK
        assert check["checked_by"] == licensing.api.actor("test-licensing_officer")
    for caller in (APPLICANT, INSPECTOR, DPO):
        path = f"/v1/applications/{application}/manager-checks"
        assert (await licensing.api.get(path, **caller)).status_code == 403


async def test_a_check_of_a_wrong_number_is_refused(licensing: Rig, application: str) -> None:
    body = CHECK | {"egn": EGN[:9] + "1"}
    answer = await licensing.api.post(f"/v1/applications/{application}/manager-checks", body, **OFFICER)
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [("/egn", "bad_personal_number")]


async def test_nothing_restricted_is_in_any_table_in_clear(licensing: Rig, application: str) -> None:
    await attach(licensing, application)
    await checked(licensing, application)
    for table in ("document", "manager_check", "personal_data", "subject_key", "change_log", "idempotency", "read_log"):
        text = str(await licensing.api.worker.fetchval(f"SELECT string_agg(t::text, ' ') FROM {table} AS t"))
        for plain in (NAME, EGN):
            assert plain not in text, table
            assert plain.encode().hex() not in text, table


async def test_every_opening_is_recorded(licensing: Rig, application: str) -> None:
    await attach(licensing, application)
    await checked(licensing, application)
    (seen,) = await documents(licensing, application, **OFFICER)
    await licensing.api.get(f"/v1/documents/{seen['id']}/content", **APPLICANT)
    rows = await licensing.api.worker.fetch("SELECT action, objects, actor FROM read_log ORDER BY seq")
    found = [(row["action"], row["actor"]) for row in rows if seen["id"] in row["objects"]]
    assert ("licensing.document.read", licensing.api.actor("test-provider")) in found
    assert "licensing.manager_check.read" in {row["action"] for row in rows}


async def test_erased_the_check_stays_and_says_nothing(licensing: Rig, application: str) -> None:
    subject = await checked(licensing, application)
    body = {"ground": "UNLAWFUL", "reference": "ЗЛД-1/2026"}
    assert (await licensing.api.post(f"/v1/subjects/{subject}/erasures", body, **DPO)).status_code == 201
    (check,) = await checks(licensing, application)
    assert (check["name"], check["egn"], check["result"], check["erased"]) == (None, None, None, True)


async def test_restricted_only_the_legal_role_is_told(licensing: Rig, application: str) -> None:
    subject = await checked(licensing, application)
    body = {"ground": "LEGAL_CLAIM", "reference": "ЗЛД-1/2026"}
    assert (await licensing.api.post(f"/v1/subjects/{subject}/restrictions", body, **DPO)).status_code == 201
    (check,) = await checks(licensing, application)
    assert (check["name"], check["restricted"], check["erased"]) == (None, True, False)
    told = (await licensing.api.get(f"/v1/subjects/{subject}/export", **DPO)).json()
    assert told["data"] == {"name": NAME, "egn": EGN, "result": "CLEAR"}
    assert told["record"]["application_id"] == application


@pytest.mark.parametrize(("act", "code"), [("erasures", "content_erased"), ("restrictions", "content_restricted")])
async def test_an_erased_or_restricted_document_is_not_opened(
    licensing: Rig, application: str, act: str, code: str
) -> None:
    await attach(licensing, application)
    (seen,) = await documents(licensing, application, **OFFICER)
    ground = {"erasures": "UNLAWFUL", "restrictions": "LEGAL_CLAIM"}[act]
    sent = {"ground": ground, "reference": "ЗЛД-1/2026"}
    done = await licensing.api.post(f"/v1/subjects/{seen['subject_id']}/{act}", sent, **DPO)
    assert done.status_code == 201, done.text
    answer = await licensing.api.get(f"/v1/documents/{seen['id']}/content", **OFFICER)
    assert answer.json()["code"] == code
    (seen,) = await documents(licensing, application, **OFFICER)
    assert seen["name"] is None


async def test_a_person_finds_the_checks_of_themselves(licensing: Rig, application: str) -> None:
    subject = await checked(licensing, application)
    found = await licensing.api.post("/v1/subjects/search", {"egn": EGN}, **DPO)
    assert [item["id"] for item in found.json()["items"]] == [subject]


async def test_a_document_is_exported_with_its_content(licensing: Rig, application: str) -> None:
    await attach(licensing, application)
    (seen,) = await documents(licensing, application, **OFFICER)
    told = (await licensing.api.get(f"/v1/subjects/{seen['subject_id']}/export", **DPO)).json()
    assert told["data"]["name"] == FILE
    assert NAME in json.dumps(told["data"], ensure_ascii=False)


async def test_when_their_time_is_over_checks_go_and_documents_later(licensing: Rig, application: str) -> None:
    await attach(licensing, application)
    subject = await checked(licensing, application)
    year = licensing.today().year
    for later, gone in ((5, 0), (7, 1), (11, 1), (12, 0)):
        now = datetime(year + later, 1, 1, tzinfo=UTC)
        assert await expire(licensing.api.worker, Retention.load(), now=now) == gone
    row = await licensing.api.worker.fetchrow(
        "SELECT wrapped, destroyed_by FROM subject_key WHERE id = $1", UUID(subject)
    )
    assert tuple(row or ()) == (None, "retention")


async def test_events_tell_that_and_never_what(licensing: Rig, application: str) -> None:
    await attach(licensing, application)
    await checked(licensing, application)
    rows = await licensing.api.worker.fetch(
        "SELECT type, state FROM change_log WHERE topic ~ 'document|manager_check' ORDER BY seq"
    )
    facts = ["bg.aksu.licensing.document.attached.v1", "bg.aksu.licensing.manager_check.recorded.v1"]
    assert [row["type"] for row in rows] == facts
    assert set(rows[0]["state"]) == {"id", "application_id", "kind", "media_type", "size", "attached_at"}
    assert set(rows[1]["state"]) == {"id", "application_id", "position", "source", "checked_at", "checked_by"}
