"""Checks of managers, and documents beside them: sealed, for who may, as long as they may be held."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from attachments_rig import CHECK, DPO, EGN, INSPECTOR, NAME, attach, checked, checks, decided, documents, restrict
from licensing_rig import APPLICANT, DIRECTOR, OFFICER, Rig

from aksu_licensing.wiring import HOLDINGS
from aksu_shared.privacy.expiry import expire, hide_restricted
from aksu_shared.privacy.retention import Retention


@pytest.fixture
async def application(licensing: Rig) -> str:
    return await licensing.reviewed()


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
    await decided(licensing, application)
    assert (await restrict(licensing, subject, "erasures")).status_code == 201
    (check,) = await checks(licensing, application)
    assert (check["name"], check["egn"], check["result"], check["erased"]) == (None, None, None, True)


async def test_restricted_only_the_legal_role_is_told(licensing: Rig, application: str) -> None:
    subject = await checked(licensing, application)
    await decided(licensing, application)
    assert (await restrict(licensing, subject)).status_code == 201
    (check,) = await checks(licensing, application)
    assert (check["name"], check["restricted"], check["erased"]) == (None, True, False)
    told = (await licensing.api.get(f"/v1/subjects/{subject}/export", **DPO)).json()
    assert told["data"] == {"name": NAME, "egn": EGN, "result": "CLEAR"}
    assert told["record"]["application_id"] == application


async def test_what_a_running_application_needs_is_not_erased_and_restricted_for_it_alone(
    licensing: Rig, application: str
) -> None:
    subject = await checked(licensing, application)
    refused = await restrict(licensing, subject, "erasures")
    assert (refused.status_code, refused.json()["code"]) == (409, "subject_needed")
    assert "чл. 17, пар. 3" in refused.json()["legal_basis"]
    assert (await restrict(licensing, subject)).status_code == 201
    await hide_restricted(licensing.api.worker, HOLDINGS)
    (check,) = await checks(licensing, application)
    assert (check["name"], check["result"], check["restricted"]) == (NAME, "CLEAR", True)
    await decided(licensing, application)
    await hide_restricted(licensing.api.worker, HOLDINGS)
    (check,) = await checks(licensing, application)
    assert (check["name"], check["result"], check["restricted"]) == (None, None, True)
    lifted = await licensing.api.post(f"/v1/subjects/{subject}/lift-restriction", {"reference": "ЗЛД-1/2026"}, **DPO)
    assert lifted.status_code == 200
    assert (await restrict(licensing, subject, "erasures")).status_code == 201


async def test_a_person_finds_the_checks_of_themselves(licensing: Rig, application: str) -> None:
    subject = await checked(licensing, application)
    found = await licensing.api.post("/v1/subjects/search", {"egn": EGN}, **DPO)
    assert [item["id"] for item in found.json()["items"]] == [subject]


async def test_when_their_time_is_over_checks_go_and_documents_later(licensing: Rig, application: str) -> None:
    await attach(licensing, application)
    subject = await checked(licensing, application)
    year = licensing.today().year

    async def gone(later: int) -> int:
        now = datetime(year + later, 1, 1, tzinfo=UTC)
        return await expire(licensing.api.worker, Retention.load(), HOLDINGS, now=now)

    assert await gone(12) == 0  # the application still runs
    await decided(licensing, application)
    assert [await gone(later) for later in (5, 7, 11, 12)] == [0, 1, 1, 0]
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
