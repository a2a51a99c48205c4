"""Who acts and reads is known to every service by one pseudonym, and to none by name."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from doors import doors_of
from inspection_builders import APPROVED
from inspection_builders import moved as conducted
from licensing_rig import DIRECTOR, OFFICER, Rig, rig_over
from registry_builders import MAYOR as REGISTRAR
from registry_builders import service as registered
from signal_builders import SIGNAL

from aksu_local.served import Serve, Served
from aksu_shared.auth.pseudonym import Pseudonyms

IVAN = "ivan.petrov@example.bg"
KEY = "another key of thirty-two characters"


async def holding(served: Served, wanted: str) -> set[str]:
    """The tables of which a row, as text, holds that."""
    tables = await served.worker.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        " AND has_table_privilege(oid, 'SELECT')"
    )
    one_row = 'SELECT EXISTS (SELECT FROM "{}" AS t WHERE position($1 IN t::text) > 0)'
    return {table for (table,) in tables if await served.worker.fetchval(one_row.format(table), wanted)}


async def proposed(licensing: Rig) -> tuple[str, httpx.Response]:
    """An application that Ivan proposed to grant."""
    application = await licensing.reviewed()
    sent = {"reason": "Отговаря"}
    path = f"/v1/applications/{application}/propose-grant"
    return application, await licensing.api.post(path, sent, **OFFICER, subject=IVAN)


async def test_who_acts_and_who_reads_leave_a_pseudonym_and_no_name(serve: Serve) -> None:
    licensing = rig_over(await serve("licensing"))
    application, answer = await proposed(licensing)
    token = licensing.api.headers("inspector", "AKSU", subject=IVAN)
    read = await licensing.api.client.get(f"/v1/applications/{application}", headers=token)
    pseudonym = licensing.api.actor(IVAN)
    assert read.json()["proposed_by"] == pseudonym
    assert not await holding(licensing.api, IVAN)
    assert await holding(licensing.api, pseudonym) >= {"application", "change_log", "idempotency", "read_log"}
    assert IVAN not in answer.text + str(answer.headers) + read.text


async def test_who_proposed_is_known_again_when_it_decides(serve: Serve) -> None:
    licensing = rig_over(await serve("licensing"))
    application, _ = await proposed(licensing)
    order: dict[str, Any] = {"order_number": "РД-01-1"}
    path = f"/v1/applications/{application}/grant"
    own = await licensing.api.post(path, order, **DIRECTOR, subject=IVAN)
    assert (own.status_code, own.json()["code"]) == (409, "four_eyes")
    assert (await licensing.api.post(path, order, **DIRECTOR, subject="maria@example.bg")).status_code == 200


async def test_all_services_of_one_key_know_a_person_by_one_pseudonym(serve: Serve) -> None:
    names = {(await serve(service, pseudonym_key=KEY)).actor(IVAN) for service in ("registry", "monitoring")}
    assert names == {Pseudonyms(KEY).of(IVAN)}
    assert (await serve("reporting")).actor(IVAN) not in names


async def public_texts(served: Served) -> dict[str, str]:
    """What everybody is answered: every list that takes no id, and each single one of what stands in it."""
    await served.worker.execute("UPDATE change_log SET position = seq")
    await served.worker.execute("UPDATE log_state SET position = (SELECT max(seq) FROM change_log)")
    doors = [door for door in doors_of(served.service, served.app) if door.method == "GET"]
    texts, ids = dict[str, str](), dict[str, list[str]]()
    for door in (each for each in doors if each.parameter is None):
        answer = await served.get(door.path)
        texts[door.path] = answer.text
        if answer.is_success and isinstance(answer.json(), dict):
            ids[door.path] = [str(each.get("id", each.get("code"))) for each in answer.json().get("items", ())]
    for door in (each for each in doors if each.parameter is not None):
        for key in ids.get(door.path.partition("/{")[0], ())[:20]:
            texts[door.at(key)] = (await served.get(door.at(key))).text
    return texts


async def _registry(serve: Serve) -> Served:
    registry = await serve("registry")
    assert (await registry.post("/v1/services", registered(), **REGISTRAR)).status_code == 201
    return registry


async def _licensing(serve: Serve) -> Served:
    licensing = rig_over(await serve("licensing"))
    await licensing.granted()
    return licensing.api


async def _monitoring(serve: Serve) -> Served:
    monitoring = await serve("monitoring")
    await conducted(monitoring, *APPROVED, "close-with-prescriptions")
    return monitoring


@pytest.mark.parametrize("acted", [_registry, _licensing, _monitoring])
async def test_no_pseudonym_stands_in_what_everybody_reads(serve: Serve, acted: Callable[..., Any]) -> None:
    served = await acted(serve)
    actors = {row["actor"] for row in await served.worker.fetch("SELECT DISTINCT actor FROM change_log")}
    pseudonyms = {actor for actor in actors if re.fullmatch("[0-9a-f]{32}", actor or "")}
    assert pseudonyms
    texts = await public_texts(served)
    assert len(texts) > 5
    assert [path for path, text in texts.items() for each in pseudonyms if each in text] == []


async def test_what_a_request_said_is_kept_as_a_digest_under_the_key_alone(serve: Serve) -> None:
    digests = set()
    for key in (KEY, KEY[::-1]):
        monitoring = await serve("monitoring", pseudonym_key=key)
        assert (await monitoring.post("/v1/signals", SIGNAL, key="k")).status_code == 201
        digests.add(await monitoring.worker.fetchval("SELECT fingerprint FROM idempotency"))
    assert len(digests) == 2
