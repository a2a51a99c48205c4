"""What holds for every command, shown on the registration of a service."""

import asyncio
from typing import Any

import pytest
from registry_builders import MAYOR, service

from aksu_local.served import Served, Unopened


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"municipality": "XXX99"}, "/municipality"),
        ({"kind": "PALACE"}, "/kind"),
        ({"capacity": -1}, "/capacity"),
        ({"capacity": "40"}, "/capacity"),
        ({"target_groups": []}, "/target_groups"),
        ({"surprise": 1}, "/surprise"),
        ({"responsible_provider": {"eik": "123456789"}}, "/responsible_provider/eik"),
        ({"started_on": "31.02.2024"}, "/started_on"),
    ],
)
async def test_a_bad_field_is_named_in_both_languages(
    unopened: Unopened, changes: dict[str, Any], pointer: str
) -> None:
    registry = unopened("registry")
    for language in ("bg", "en"):
        headers = {"Accept-Language": language}
        answer = await registry.post("/v1/services", service(**changes), headers=headers, **MAYOR)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
        assert answer.headers["Content-Language"] == language


async def test_without_a_token_a_command_is_401(registry: Served) -> None:
    assert (await registry.post("/v1/services", service())).status_code == 401


async def test_the_same_key_gives_the_first_answer_byte_for_byte(registry: Served) -> None:
    first = await registry.post("/v1/services", service(), key="k", **MAYOR)
    again = await registry.post("/v1/services", service(), key="k", **MAYOR)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Aksu-Position"] == first.headers["Aksu-Position"]
    assert await registry.worker.fetchval("SELECT count(*) FROM service") == 1


async def test_a_refusal_is_kept_under_its_key(registry: Served) -> None:
    first = await registry.post("/v1/services", service(management=None), key="k", **MAYOR)
    again = await registry.post("/v1/services", service(management=None), key="k", **MAYOR)
    assert (again.status_code, again.content) == (409, first.content)


async def test_a_key_with_another_body_is_422(registry: Served) -> None:
    await registry.post("/v1/services", service(), key="k", **MAYOR)
    answer = await registry.post("/v1/services", service(capacity=41), key="k", **MAYOR)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_post_without_a_key_is_428(registry: Served) -> None:
    answer = await registry.client.post("/v1/services", json=service(), headers=registry.headers(**MAYOR))
    assert (answer.status_code, answer.json()["header"]) == (428, "Idempotency-Key")


async def test_fifty_parallel_calls_with_one_key_make_one_service(registry: Served) -> None:
    calls = [registry.post("/v1/services", service(), key="k", **MAYOR) for _ in range(50)]
    answers = await asyncio.gather(*calls)
    made = {answer.content for answer in answers if answer.status_code == 201}
    others = {(answer.status_code, answer.json()["code"]) for answer in answers if answer.status_code != 201}
    assert len(made) == 1
    assert others <= {(409, "request_in_progress"), (503, "unavailable")}
    assert (
        await registry.worker.fetchval("SELECT count(*) FROM change_log WHERE topic = 'aksu.registry.service.v1'") == 1
    )


async def test_a_command_given_up_at_any_moment_is_done_or_undone_as_a_whole(registry: Served) -> None:
    await registry.post("/v1/services", service(name="Услуга 0"), **MAYOR)
    given_up = 0
    for n in range(1, 61):
        new = service(name=f"Услуга {n}", address=f"ул. „Примерна“ № {n % 2 * n}")  # at a place known, or a new one
        first = asyncio.create_task(registry.post("/v1/services", new, key=f"k{n}", **MAYOR))
        await asyncio.sleep(n / 6_000)
        given_up += first.cancel()
        await asyncio.wait([first])
        again = await registry.post("/v1/services", new, key=f"k{n}", **MAYOR)
        assert again.status_code == 201, again.text
        assert first.cancelled() or first.result().content == again.content
    assert given_up
    rows, changes = await registry.worker.fetchrow(
        "SELECT (SELECT count(*) FROM service), count(*) FROM change_log WHERE topic = 'aksu.registry.service.v1'"
    )
    assert rows == changes == 61
