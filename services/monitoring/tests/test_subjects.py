"""Whose data is held: found, told, restricted, erased, forgotten in time; the same routes in every service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from aksu_local.served import Serve, Served
from aksu_local.waiting import eventually
from aksu_monitoring.wiring import HOLDINGS
from aksu_shared.auth.principal import Principal, Role
from aksu_shared.privacy.expiry import WRAPPED, expire, rewrap
from aksu_shared.privacy.keys import DEVELOPMENT, DEVELOPMENT_KEY, KeyRing, Unreadable, new_key, unseal
from aksu_shared.privacy.people import LEGAL, Person, about_field, about_key
from aksu_shared.privacy.retention import Retention
from aksu_shared.privacy.store import SubjectStore

DPO: dict[str, Any] = {"role": "data_protection_officer", "body": "AKSU"}
INSPECTOR = Principal("i", frozenset({Role.INSPECTOR}), "AKSU")
SCOPE = ("b:AKSU",)
NAME, EGN = "Ивана Уникална Примерова", "8001010008"
REFERENCE = {"reference": "ЗЛД-1/2026"}
WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()"""
"""How many wait for a lock in this test's database; the server is shared."""


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def record(monitoring: Served, *, egn: str = EGN, counts_from: datetime | None = None) -> str:
    """A user met, by her subject's id."""
    subject = uuid7()
    person = Person(
        subject=subject,
        kind="inspection.user_met",
        row=uuid7(),
        fields={"name": NAME, "egn": egn},
        scope=SCOPE,
        lookup={"egn": egn},
    )
    async with monitoring.app.state.api.commands.work(INSPECTOR) as work:
        await SubjectStore(work, DEVELOPMENT).add([person], counts_from=counts_from)
    return str(subject)


async def export(monitoring: Served, subject: str) -> dict[str, Any]:
    answer = await monitoring.get(f"/v1/subjects/{subject}/export", **DPO)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def key_of(monitoring: Served, subject: str, ring: KeyRing = DEVELOPMENT) -> bytes:
    row = await monitoring.worker.fetchrow("SELECT kek, wrapped FROM subject_key WHERE id = $1", UUID(subject))
    assert row is not None
    return ring.unwrap(row["kek"], row["wrapped"], about=about_key(subject))


async def test_nothing_of_a_person_lies_in_clear_in_any_table(monitoring: Served) -> None:
    await record(monitoring)
    for table in ("subject_key", "personal_data", "subject_index", "change_log"):
        text = await monitoring.worker.fetchval(f"SELECT string_agg(t::text, '') FROM {table} AS t")
        for plain in (NAME, EGN):
            assert plain not in (text or "")
            assert plain.encode().hex() not in (text or "")


async def test_a_person_is_told_all_that_is_held_and_why(monitoring: Served) -> None:
    found = await export(monitoring, await record(monitoring))
    assert found["data"] == {"name": NAME, "egn": EGN}
    assert (found["kind"], found["kept_for"]) == ("inspection.user_met", "5 year, from recording")
    assert found["purpose"]
    assert found["legal_basis"]


async def test_a_person_is_found_by_number_however_written_and_by_no_other(monitoring: Served) -> None:
    subject = await record(monitoring)
    await record(monitoring, egn="7501010010")
    search = await monitoring.post("/v1/subjects/search", {"egn": EGN}, **DPO)
    assert [item["id"] for item in search.json()["items"]] == [subject]
    other = await monitoring.post("/v1/subjects/search", {"egn": "1111111111"}, **DPO)
    assert other.json()["items"] == []
    assert (await monitoring.post("/v1/subjects/search", {}, **DPO)).status_code == 422


async def test_erased_nothing_can_be_decrypted_and_what_is_counted_stays(monitoring: Served) -> None:
    subject = await record(monitoring)
    key = await key_of(monitoring, subject)
    before = await monitoring.worker.fetchval("SELECT sealed FROM personal_data WHERE field = 'name'")
    answer = await monitoring.post(f"/v1/subjects/{subject}/erasures", {"ground": "UNLAWFUL"} | REFERENCE, **DPO)
    assert (answer.status_code, answer.json()["erasure_ground"]) == (201, "UNLAWFUL")
    found = await export(monitoring, subject)
    assert found["data"] == {"name": None, "egn": None}
    assert found["erased_at"]
    row = await monitoring.worker.fetchrow("SELECT kek, wrapped, lookup FROM subject_key")
    assert tuple(row or ()) == (None, None, [])
    assert await monitoring.worker.fetchval("SELECT count(*) FROM personal_data WHERE sealed IS NULL") == 2
    assert unseal(key, before, about=about_field(found["kind"], found["row_id"], "name")) == NAME.encode()


async def test_who_is_erased_is_no_longer_found(monitoring: Served) -> None:
    subject = await record(monitoring)
    await monitoring.post(f"/v1/subjects/{subject}/erasures", {"ground": "UNLAWFUL"} | REFERENCE, **DPO)
    assert (await monitoring.post("/v1/subjects/search", {"egn": EGN}, **DPO)).json()["items"] == []
    again = await monitoring.post(f"/v1/subjects/{subject}/erasures", {"ground": "UNLAWFUL"} | REFERENCE, **DPO)
    assert (again.status_code, again.json()["code"]) == (409, "subject_erased")


async def seen_by(monitoring: Served, *keys: str) -> int:
    """How many fields a caller with these scope keys gets from the table itself, as the runtime role."""
    connection = await asyncpg.connect(monitoring.urls.runtime)
    try:
        await connection.execute("SELECT set_config('app.scope', $1, false)", ",".join(keys))
        found: int = await connection.fetchval("SELECT count(*) FROM personal_data")
    finally:
        await connection.close()
    return found


async def test_restricted_the_rows_are_there_for_the_legal_role_alone(monitoring: Served) -> None:
    subject = await record(monitoring)
    assert await seen_by(monitoring, "public", "BG", "b:AKSU") == 2
    body = {"ground": "ACCURACY_CONTESTED"} | REFERENCE
    assert (await monitoring.post(f"/v1/subjects/{subject}/restrictions", body, **DPO)).status_code == 201
    assert await seen_by(monitoring, "public", "BG", "b:AKSU") == 0
    assert await seen_by(monitoring, LEGAL) == 2
    assert (await export(monitoring, subject))["data"]["name"] == NAME
    for path, sent, code in (
        ("erasures", {"ground": "UNLAWFUL"} | REFERENCE, "subject_restricted"),
        ("restrictions", body, "subject_restricted"),
    ):
        refused = await monitoring.post(f"/v1/subjects/{subject}/{path}", sent, **DPO)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    lifted = await monitoring.post(f"/v1/subjects/{subject}/lift-restriction", REFERENCE, **DPO)
    assert (lifted.status_code, lifted.json()["restricted_at"]) == (200, None)
    assert await seen_by(monitoring, "public", "BG", "b:AKSU") == 2
    twice = await monitoring.post(f"/v1/subjects/{subject}/lift-restriction", REFERENCE, **DPO)
    assert twice.json()["code"] == "subject_not_restricted"


async def test_without_a_scope_there_are_no_rows(monitoring: Served) -> None:
    await record(monitoring)
    assert await seen_by(monitoring, "") == await seen_by(monitoring, "public", "b:MUNICIPALITY:BLG03") == 0


@pytest.mark.parametrize("role", ["inspector", "executive_director", "aksu_analyst", "operator", "licensing_officer"])
async def test_only_who_answers_for_personal_data_uses_these_routes(monitoring: Served, role: str) -> None:
    subject = await record(monitoring)
    who: dict[str, Any] = {"role": role, "body": "AKSU"}
    answers = [
        await monitoring.get(f"/v1/subjects/{subject}/export", **who),
        await monitoring.post("/v1/subjects/search", {"egn": EGN}, **who),
        await monitoring.post(f"/v1/subjects/{subject}/erasures", {"ground": "UNLAWFUL"} | REFERENCE, **who),
    ]
    assert [answer.status_code for answer in answers] == [403] * 3


async def test_each_act_is_in_the_audit_without_personal_data(monitoring: Served) -> None:
    subject = await record(monitoring)
    await monitoring.post("/v1/subjects/search", {"egn": EGN}, **DPO)
    await export(monitoring, subject)
    await monitoring.post(f"/v1/subjects/{subject}/erasures", {"ground": "UNLAWFUL"} | REFERENCE, **DPO)
    rows = await monitoring.worker.fetch("SELECT * FROM read_log ORDER BY seq")
    assert [(row["action"], subject in row["objects"]) for row in rows] == [
        ("platform.subject.read", True),
        ("platform.subject.read", True),
        ("platform.subject.erase", True),
    ]
    assert rows[-1]["purpose"] == "UNLAWFUL ЗЛД-1/2026"
    assert EGN not in str([dict(row) for row in rows])


async def test_when_its_time_is_over_a_key_is_destroyed_once(monitoring: Served) -> None:
    now = datetime.now(UTC)
    due = await record(monitoring, counts_from=now - timedelta(days=5 * 366))
    kept = [
        await record(monitoring, counts_from=now - timedelta(days=5 * 365 - 30)),
        await record(monitoring, counts_from=None),
    ]
    held = await record(monitoring, counts_from=now - timedelta(days=6 * 366))
    await monitoring.post(f"/v1/subjects/{held}/restrictions", {"ground": "LEGAL_CLAIM"} | REFERENCE, **DPO)
    schedule = Retention.load()
    assert [await expire(monitoring.worker, schedule, HOLDINGS, now=now) for _ in range(2)] == [1, 0]
    assert (await export(monitoring, due))["erasure_ground"] == "RETENTION_OVER"
    for subject in (*kept, held):
        assert (await export(monitoring, subject))["data"]["name"] == NAME
    assert await expire(monitoring.worker, schedule, HOLDINGS, now=now + timedelta(days=31)) == 1
    noted = await monitoring.worker.fetch("SELECT * FROM read_log WHERE action = 'platform.subject.erase'")
    assert len(noted) == 2
    assert (noted[0]["actor"], noted[0]["objects"][0]) == ("retention", due)
    assert "5 year" in noted[0]["purpose"]


async def test_a_new_key_encryption_key_wraps_everything_anew_and_the_old_one_may_go(monitoring: Served) -> None:
    subject, erased = await record(monitoring), await record(monitoring)
    await monitoring.post(f"/v1/subjects/{erased}/erasures", {"ground": "UNLAWFUL"} | REFERENCE, **DPO)
    fresh = new_key()
    both, alone = KeyRing({"new": fresh, "development": DEVELOPMENT_KEY}), KeyRing({"new": fresh})
    told: list[tuple[str, int]] = []
    done = await rewrap(monitoring.worker, both, WRAPPED, told=lambda *each: told.append(each))
    assert (done, told) == (2, [("subject_key", 1), ("subject_index", 1)])
    assert await rewrap(monitoring.worker, alone, WRAPPED, told=lambda *_: None) == 0
    assert len(await key_of(monitoring, subject, alone)) == 32
    with pytest.raises(Unreadable):
        await key_of(monitoring, subject)


MOVES = {
    "to another person": "UPDATE personal_data d SET sealed = o.sealed FROM personal_data o"
    " WHERE o.field = d.field AND o.subject <> d.subject",
    "to another field": "UPDATE personal_data d SET sealed = o.sealed FROM personal_data o"
    " WHERE o.field <> d.field AND o.subject = d.subject",
    "with another's key": "UPDATE subject_key k SET wrapped = o.wrapped FROM subject_key o WHERE o.id <> k.id",
    "to another row": "UPDATE subject_key k SET row_id = gen_random_uuid()",
}


@pytest.mark.parametrize("move", MOVES)
async def test_data_moved_in_the_database_are_not_shown(monitoring: Served, move: str) -> None:
    subject = await record(monitoring)
    await record(monitoring, egn="7501010010")
    await monitoring.worker.execute(MOVES[move])
    answer = await monitoring.get(f"/v1/subjects/{subject}/export", **DPO)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert NAME not in answer.text


@asynccontextmanager
async def while_uncommitted(monitoring: Served, subject: str, act: str) -> AsyncIterator[None]:
    """`act` is done to a subject and committed only when what runs in the block stands before it."""
    principal = Principal("o", frozenset({Role.DATA_PROTECTION_OFFICER}), "AKSU").holding(LEGAL)
    async with monitoring.app.state.api.commands.work(principal) as work:
        await getattr(SubjectStore(work, DEVELOPMENT), act)(UUID(subject), ground="UNLAWFUL")
        yield

        async def waiting() -> int:
            return int(await monitoring.worker.fetchval(WAITING))

        await eventually(waiting, lambda found: found > 0)


async def test_a_key_destroyed_while_keys_are_wrapped_anew_stays_destroyed(monitoring: Served) -> None:
    subject = await record(monitoring)
    ring = KeyRing({"new": new_key(), "development": DEVELOPMENT_KEY})
    async with while_uncommitted(monitoring, subject, "erase"):
        wrapping = asyncio.create_task(rewrap(monitoring.worker, ring, WRAPPED, told=lambda *_: None))
    await wrapping
    row = await monitoring.worker.fetchrow("SELECT wrapped, destroyed_at IS NOT NULL AS destroyed FROM subject_key")
    assert tuple(row or ()) == (None, True)


async def test_a_restriction_outlives_a_move_of_the_case_at_the_same_moment(monitoring: Served) -> None:
    subject = await record(monitoring)
    row = await monitoring.worker.fetchval("SELECT row_id FROM subject_key")

    async def move() -> None:
        async with monitoring.app.state.api.commands.work(INSPECTOR) as work:
            await SubjectStore(work, DEVELOPMENT).rescope(row, ("b:AKSU", "b:RDSP:BLG"))

    async with while_uncommitted(monitoring, subject, "restrict"):
        moving = asyncio.create_task(move())
    await moving
    scopes = await monitoring.worker.fetch("SELECT DISTINCT scope FROM personal_data")
    assert [each["scope"] for each in scopes] == [[LEGAL]]
    assert await monitoring.worker.fetchval("SELECT scope FROM subject_key") == ["b:AKSU", "b:RDSP:BLG", LEGAL]


async def test_of_two_erasures_at_once_one_is_done(monitoring: Served) -> None:
    subject = await record(monitoring)
    body = {"ground": "UNLAWFUL"} | REFERENCE
    answers = await asyncio.gather(
        *(monitoring.post(f"/v1/subjects/{subject}/erasures", body, **DPO) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    noted = "SELECT count(*) FROM read_log WHERE action = 'platform.subject.erase'"
    assert await monitoring.worker.fetchval(noted) == 1
