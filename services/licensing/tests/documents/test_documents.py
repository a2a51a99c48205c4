"""Documents of applications: sealed, for who may, as long as they may be held."""

import asyncio
import hashlib
import json

import pytest
from attachments_rig import CHECK, CONTENT, DPO, FILE, INSPECTOR, NAME, attach, decided, documents, restrict
from licensing_rig import APPLICANT, DIRECTOR, OFFICER, STRANGER, Rig

from aksu_licensing.documents import service
from aksu_shared.web.uploads import attachment


@pytest.fixture
async def application(licensing: Rig) -> str:
    return await licensing.reviewed()


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


async def test_an_application_takes_so_many_documents_and_so_much_of_them(
    licensing: Rig, application: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_DOCUMENTS", 2)
    for number in range(2):
        assert (await attach(licensing, application, key=str(number))).status_code == 201
    refused = await attach(licensing, application, key="third")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_documents")
    monkeypatch.setattr(service, "MAX_DOCUMENTS", 9)
    monkeypatch.setattr(service, "MAX_TOTAL", 2 * len(CONTENT) + 10)
    refused = await attach(licensing, application, key="fourth")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_documents")
    assert len(await documents(licensing, application, **OFFICER)) == 2


async def test_uploads_at_once_do_not_pass_the_number_together(
    licensing: Rig, application: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_DOCUMENTS", 2)
    answers = await asyncio.gather(*(attach(licensing, application, key=str(number)) for number in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409]


async def test_after_the_decision_nothing_is_attached(licensing: Rig) -> None:
    granted = await licensing.granted()
    answer = await attach(licensing, granted["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "application_decided")


async def test_a_repeated_upload_attaches_once(licensing: Rig, application: str) -> None:
    first, again = [await attach(licensing, application, key="one") for _ in range(2)]
    assert again.content == first.content
    assert len(await documents(licensing, application, **OFFICER)) == 1


@pytest.mark.parametrize(("act", "code"), [("erasures", "content_erased"), ("restrictions", "content_restricted")])
async def test_an_erased_or_restricted_document_is_not_opened(
    licensing: Rig, application: str, act: str, code: str
) -> None:
    await attach(licensing, application)
    (seen,) = await documents(licensing, application, **OFFICER)
    await decided(licensing, application)
    done = await restrict(licensing, seen["subject_id"], act)
    assert done.status_code == 201, done.text
    answer = await licensing.api.get(f"/v1/documents/{seen['id']}/content", **OFFICER)
    assert answer.json()["code"] == code
    (seen,) = await documents(licensing, application, **OFFICER)
    assert seen["name"] is None


async def test_a_document_that_a_running_application_needs_is_opened_by_its_officers_though_restricted(
    licensing: Rig, application: str
) -> None:
    await attach(licensing, application)
    (seen,) = await documents(licensing, application, **OFFICER)
    assert (await restrict(licensing, seen["subject_id"], "erasures")).json()["code"] == "subject_needed"
    assert (await restrict(licensing, seen["subject_id"])).status_code == 201
    sent = await licensing.api.get(f"/v1/documents/{seen['id']}/content", **OFFICER)
    assert (sent.status_code, sent.content) == (200, CONTENT)


async def test_a_document_is_exported_with_its_content(licensing: Rig, application: str) -> None:
    await attach(licensing, application)
    (seen,) = await documents(licensing, application, **OFFICER)
    told = (await licensing.api.get(f"/v1/subjects/{seen['subject_id']}/export", **DPO)).json()
    assert told["data"]["name"] == FILE
    assert NAME in json.dumps(told["data"], ensure_ascii=False)
