"""Dead letters are handled the same way in every service, over HTTP and on the command line."""

import asyncio
import json
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from aksu_local.served import Serve, Served
from aksu_shared.bus.contract import Delivered
from aksu_shared.events.registry.services import ServiceRegistered, ServiceState
from aksu_shared.events.scope import row_scope
from aksu_shared.kernel.clock import Clock
from aksu_shared.operations.dead_letters import content_of
from aksu_shared.worker.applying import Applied, Applier
from aksu_shared.worker.dead_letters import carry_out
from aksu_shared.worker.housekeeping import purge_idempotency
from aksu_shared.worker.items import read

OPERATOR: dict[str, Any] = {"role": "operator"}
DIRECTOR: dict[str, Any] = {"role": "executive_director", "body": "AKSU"}
STEWARDS = {"licensing": "licensing_officer", "monitoring": "inspector", "reporting": "aksu_analyst"}


@dataclass(frozen=True, kw_only=True)
class Parked:
    """A service with a broken record of a social service parked, and the next version behind it."""

    served: Served
    applier: Applier
    records: Sequence[Delivered]
    ids: Sequence[int]

    async def post(
        self, verb: str, body: object, *, letter: int | None = None, key: str | None = None
    ) -> httpx.Response:
        path = f"/v1/dead-letters/{letter or self.ids[0]}/{verb}"
        return await self.served.post(path, body, key=key, **OPERATOR)

    async def repair(self, data: object | None = None, *, confirmed: bool = True) -> httpx.Response:
        """Have the operator propose a repair and, unless told otherwise, the director confirm it."""
        done = await self.post("repair", {"data": data or self.corrected(), "reason": "отрязан запис"})
        assert done.status_code == 200, done.text
        return await self.confirm() if confirmed else done

    async def confirm(self, digest: str | None = None, **caller: Any) -> httpx.Response:
        digest = digest or (await self.letter())["repair_digest"]
        path, body = f"/v1/dead-letters/{self.ids[0]}/confirm-repair", {"digest": digest, "reason": "сверено"}
        return await self.served.post(path, body, **(caller or DIRECTOR))

    async def letter(self, number: int | None = None) -> dict[str, Any]:
        answer = await self.served.get(f"/v1/dead-letters/{number or self.ids[0]}", **OPERATOR)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def carry_out(self) -> int:
        return await carry_out(self.served.worker, self.applier)

    async def version(self) -> int | None:
        sql = "SELECT version FROM service WHERE id = $1::uuid"
        return await self.served.worker.fetchval(sql, self.records[0].key)  # type: ignore[no-any-return]

    def corrected(self) -> Any:
        return json.loads(self.records[2].value)


def record(key: UUID, *, version: int) -> Delivered:
    """A version of a social service, as the registry tells it."""
    state = ServiceState.model_validate(
        {
            "id": key,
            "name": "Дом за стари хора",
            "kind": "HOME_ELDERLY",
            "activity_groups": ["RESIDENTIAL_CARE"],
            "target_groups": ["ELDERLY"],
            "financing": "PRIVATE",
            "management": None,
            "capacity": 20,
            "state": "ACTIVE",
            "licence_required": True,
            "provider_id": uuid4(),
            "provider_body": "PROVIDER:130007884",
            "provider_name": "Фондация Надежда",
            "operator_id": None,
            "operator_body": None,
            "operator_name": None,
            "place_id": uuid4(),
            "municipality": "BLG03",
            "settlement": "гр. Благоевград",
            "address": "ул. Първа 1",
            "started_on": None,
        }
    )
    fact = ServiceRegistered(id=str(key), version=version, state=state, scope=row_scope("BLG03", public=True))
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid4()),
        "ce_source": "/aksu/registry",
        "ce_type": fact.type,
        "ce_subject": fact.id,
        "ce_time": "2026-03-16T10:00:00+00:00",
        "ce_seq": str(version),
        "ce_position": str(version),
        "ce_epoch": "019aa000-0000-7000-8000-000000000000",
    }
    value = json.dumps(fact.data(), ensure_ascii=False).encode()
    return Delivered(fact.topic, 0, version, fact.id, value, headers, 1_773_655_200_000)


@pytest.fixture(params=["licensing", "monitoring", "reporting"])
async def parked(request: pytest.FixtureRequest, serve: Serve) -> Parked:
    served = await serve(request.param)
    handlers = import_module(f"aksu_{request.param}.worker").PARTS.handlers
    applier = Applier(served.worker, service=request.param, handlers=handlers, clock=Clock())
    key = uuid4()
    good, following = record(key, version=1), record(key, version=2)
    broken = replace(good, value=b'{"version": 1, "state": ')
    assert await applier.apply([read(broken), read(following)]) == Applied(parked=2)
    ids = [row["id"] for row in await served.worker.fetch("SELECT id FROM dead_letter ORDER BY id")]
    return Parked(served=served, applier=applier, records=[broken, following, good], ids=ids)


async def test_an_operator_sees_reason_and_bytes_and_nobody_else_does(parked: Parked) -> None:
    listed = (await parked.served.get("/v1/dead-letters", **OPERATOR)).json()["items"]
    assert [(each["id"], each["reason"]) for each in listed] == list(
        zip(parked.ids, ["BAD_JSON", "BEHIND"], strict=True)
    )
    shown = await parked.letter()
    assert shown["content"] == {"text": parked.records[0].value.decode(), "hex": None, "withheld": False}
    assert shown["headers"] == dict(parked.records[0].headers)
    behind = (await parked.served.get("/v1/dead-letters?reason=BEHIND", **OPERATOR)).json()["items"]
    assert [each["id"] for each in behind] == parked.ids[1:]
    for path in ("/v1/dead-letters", f"/v1/dead-letters/{parked.ids[0]}"):
        assert (await parked.served.get(path)).status_code == 401
        assert (await parked.served.get(path, role="inspector", body="AKSU")).status_code == 403
    for absent, status in (("999999", 404), ("x", 404), ("9" * 20, 404), ("9" * 21, 422)):
        assert (await parked.served.get(f"/v1/dead-letters/{absent}", **OPERATOR)).status_code == status


def test_what_is_not_public_is_withheld_and_what_nobody_can_read_is_judged_by_its_topic() -> None:
    finding, place = "aksu.monitoring.finding.v1", "aksu.registry.place.v1"
    assert content_of(b'{"scope": ["BG", "BLG"]}', topic=place).withheld
    assert content_of(b'{"scope": ["public", "BG"]}', topic=finding).text == '{"scope": ["public", "BG"]}'
    assert content_of(b'{"scope": "public"', topic=finding).withheld
    assert content_of(b"\xff{", topic=place).hex == "ff7b"
    assert content_of(b"\xff{", topic="aksu.unknown.thing.v1").withheld


def test_what_everybody_would_see_but_may_not_read_is_withheld() -> None:
    assert content_of(b'{"scope": ["public"]}', topic="aksu.monitoring.signal.v1").withheld


async def test_a_repaired_record_is_applied_once_under_its_id_with_what_waits_behind_it(parked: Parked) -> None:
    unreadable = await parked.post("repair", {"data": {"version": 1}, "reason": "проба"})
    assert (unreadable.status_code, unreadable.json()["code"]) == (409, "repair_unreadable")
    other = {
        "data": parked.corrected(),
        "headers": {"ce_id": "019aa000-0000-7000-8000-000000000000"},
        "reason": "проба",
    }
    assert (await parked.post("repair", other)).json()["code"] == "repair_changes_identity"
    done = await parked.repair(confirmed=False)
    assert (done.json()["state"], done.json()["confirmed_by"]) == ("PARKED", None)
    confirmed = await parked.confirm()
    assert (confirmed.status_code, confirmed.json()["confirmed_by"]) == (
        200, parked.served.actor("test-executive_director"),
    )  # fmt: skip
    listed = (await parked.served.get("/v1/dead-letters", **OPERATOR)).json()["items"]
    assert [each["state"] for each in listed] == ["REPAIRED", "PARKED"]
    listed = (await parked.served.get("/v1/dead-letters?state=PARKED", **OPERATOR)).json()["items"]
    assert [each["id"] for each in listed] == parked.ids[1:]
    assert done.status_code == 200, done.text
    assert done.json()["content"]["text"] == parked.records[0].value.decode()
    assert json.loads(done.json()["repaired_content"]["text"]) == parked.corrected()
    assert await parked.version() is None

    ordered = await parked.post("replay", {}, key="once")
    assert (ordered.status_code, ordered.json()["ordered"]) == (202, "REPLAY")
    assert (await parked.post("replay", {}, key="once")).content == ordered.content
    assert (await parked.post("replay", {})).json()["code"] == "not_parked"
    assert await parked.carry_out() == 1
    assert await parked.carry_out() == 0
    assert await parked.version() == 2
    shown = await parked.letter()
    assert (shown["state"], shown["resolved_by"], shown["ordered"]) == (
        "REPLAYED", parked.served.actor("test-operator"), None,
    )  # fmt: skip
    assert (await parked.served.get("/v1/dead-letters", **OPERATOR)).json()["items"] == []


async def test_a_repair_is_confirmed_by_somebody_else_who_answers_for_the_content(parked: Parked) -> None:
    assert (await parked.confirm("0" * 64)).json()["code"] == "no_repair_proposed"
    await parked.repair(confirmed=False)
    path = f"/v1/dead-letters/{parked.ids[0]}/repair"
    steward: dict[str, Any] = {"role": STEWARDS[parked.served.service], "body": "AKSU"}
    for role in ("operator", "data_protection_officer", "ministry_reader", None):
        body = "MLSP" if role == "ministry_reader" else "AKSU"
        refused = await parked.confirm("0" * 64, role=role, body=body)
        assert refused.status_code == (401 if role is None else 403), role
        assert (await parked.served.get(path, role=role, body=body)).status_code == refused.status_code
    shown = (await parked.served.get(path, **steward)).json()
    assert shown["content"]["text"] == parked.records[0].value.decode()
    assert json.loads(shown["repaired_content"]["text"]) == parked.corrected()
    assert shown["proposed_by"] == parked.served.actor("test-operator")

    assert (await parked.confirm("0" * 64, **steward)).json()["code"] == "repair_changed"
    me = await parked.confirm(shown["digest"], **steward, subject="test-operator")
    assert (me.status_code, me.json()["code"]) == (409, "four_eyes")
    assert (await parked.letter())["state"] == "PARKED"
    assert (await parked.confirm(shown["digest"], **steward)).status_code == 200
    assert (await parked.letter())["state"] == "REPAIRED"
    again = await parked.confirm(shown["digest"], **DIRECTOR)
    assert again.json()["code"] == "no_repair_proposed"
    (told,) = await parked.served.worker.fetch("SELECT type, actor, scope, state FROM change_log")
    assert told["type"] == f"bg.aksu.{parked.served.service}.dead_letter.repair_confirmed.v1"
    assert (told["actor"], told["scope"]) == (parked.served.actor(f"test-{steward['role']}"), ["b:AKSU"])
    assert told["state"]["new_hash"] == shown["digest"]


async def test_nobody_confirms_what_he_may_not_read(parked: Parked) -> None:
    hidden = parked.corrected() | {"scope": ["b:POLICE:BLG"]}
    await parked.repair(hidden, confirmed=False)
    path = f"/v1/dead-letters/{parked.ids[0]}/repair"
    shown = (await parked.served.get(path, **DIRECTOR)).json()
    assert shown["repaired_content"] == {"text": None, "hex": None, "withheld": True}
    refused = await parked.confirm(shown["digest"], **DIRECTOR)
    assert (refused.status_code, refused.json()["right"]) == (403, f"{parked.served.service}.dead_letter.confirm")
    assert (await parked.letter())["confirmed_by"] is None


async def test_replayed_again_forty_days_later_or_delivered_again_it_has_no_second_effect(parked: Parked) -> None:
    await parked.repair()
    await parked.post("replay", {})
    await parked.carry_out()
    pool = parked.served.worker
    forty = "now() - interval '40 days'"
    await pool.execute(f"UPDATE inbox SET received_at = {forty}")
    await pool.execute(f"UPDATE dead_letter SET parked_at = {forty}, resolved_at = {forty}")
    await purge_idempotency(pool)
    before = await effects(parked)
    assert await parked.applier.apply([read(record) for record in parked.records]) == Applied(repeated=3)
    await pool.execute("UPDATE dead_letter SET outcome = NULL, resolved_at = NULL")
    assert (await parked.post("replay", {})).status_code == 202
    await parked.carry_out()
    assert await effects(parked) == before
    assert (await parked.letter())["state"] == "REPLAYED"


async def effects(parked: Parked) -> tuple[Any, ...]:
    sql = """SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM change_log),
                    (SELECT array_agg(row(id, version, written_at)::text) FROM service)"""
    return tuple(await parked.served.worker.fetchrow(sql))


async def test_a_discarded_record_keeps_its_reason_and_what_was_behind_it_can_go_on(parked: Parked) -> None:
    assert (await parked.post("discard", {"reason": ""})).status_code == 422
    assert (await parked.post("discard", {"reason": "изпратен по погрешка"})).status_code == 202
    await parked.carry_out()
    shown = await parked.letter()
    assert (shown["state"], shown["resolution"]) == ("DISCARDED", "изпратен по погрешка")
    assert await parked.version() is None
    await parked.post("replay", {}, letter=parked.ids[1])
    await parked.carry_out()
    assert await parked.version() == 2
    assert await parked.applier.apply([read(parked.records[0])]) == Applied(repeated=1)


async def test_a_replay_that_fails_again_says_why_and_may_be_ordered_again(parked: Parked) -> None:
    await parked.post("replay", {})
    assert await parked.carry_out() == 1
    shown = await parked.letter()
    assert (shown["state"], shown["reason"], shown["tries"], shown["ordered"]) == ("PARKED", "BAD_JSON", 1, None)
    assert (await parked.post("replay", {})).status_code == 202


async def test_the_owner_of_no_copies_has_none(serve: Serve) -> None:
    registry = await serve("registry")
    assert (await registry.get("/v1/dead-letters", **OPERATOR)).json()["items"] == []


@pytest.mark.parametrize("parked", ["reporting"], indirect=True)
async def test_the_command_line_lists_shows_repairs_replays_and_discards(parked: Parked, tmp_path: Path) -> None:
    first, second = map(str, parked.ids)
    lines = (await command(parked.served, "list"))[1].splitlines()
    assert [json.loads(line)["reason"] for line in lines] == ["BAD_JSON", "BEHIND"]
    assert json.loads((await command(parked.served, "show", first))[1])["reason"] == "BAD_JSON"
    code, said = await command(parked.served, "replay", first)
    assert (code, "0 applied, 1 failed" in said) == (1, True)
    data = tmp_path / "data.json"
    data.write_bytes(parked.records[2].value)
    assert (await command(parked.served, "repair", first, "--data", str(data), "--reason", "проба"))[0] == 0
    assert "0 applied, 1 failed" in (await command(parked.served, "replay", first))[1]
    assert (await parked.confirm()).status_code == 200
    assert "2 applied" in (await command(parked.served, "replay", second))[1]
    assert await parked.version() == 2
    assert "0 discarded" in (await command(parked.served, "discard", first, "--reason", "проба"))[1]
    assert (await command(parked.served, "show", "999"))[0] == 2


async def command(served: Served, *arguments: str) -> tuple[int, str]:
    program = shutil.which(f"aksu-{served.service}", path=str(Path(sys.executable).parent))
    assert program is not None
    config = served.config
    environment = {
        "AKSU_ENVIRONMENT": "test",
        "AKSU_DATABASE_URL": served.urls.runtime,
        "AKSU_WORKER_DATABASE_URL": served.urls.worker,
        "AKSU_BUS_URL": config.bus_url.get_secret_value(),
        "AKSU_OIDC_ISSUER": config.oidc_issuer,
        "AKSU_OIDC_JWKS_FILE": str(config.oidc_jwks_file),
    }
    process = await asyncio.create_subprocess_exec(
        program, "dead-letters", *arguments, env=environment, stdout=PIPE, stderr=PIPE
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()
