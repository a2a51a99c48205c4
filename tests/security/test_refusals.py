"""A refusal is no larger than a request's head and body may be: every route, in every shape that costs to refuse."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from fastapi import FastAPI
from refusals import Refusal, refusals
from refused import ask

from aksu_local.databases import SERVICES
from aksu_local.served import Serve, Served
from aksu_shared.auth.principal import Role
from aksu_shared.kernel.errors import MAX_ERRORS

# A form that is cut within its file: Starlette leaves the file to the interpreter, which closes it.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
LARGEST: Final = 64 * 1024
FOLDER: Final = Path(__file__).parents[2] / "services"


def everything(served: Served) -> str:
    """A token that opens every route."""
    return served.issuer.issue("anybody", roles=[role.value for role in Role], body="AKSU")


def requests_of(service: str) -> Sequence[Refusal]:
    document = json.loads((FOLDER / service / "openapi.json").read_text(encoding="utf-8"))
    return list(refusals(document))


async def too_large(app: FastAPI, request: Refusal, token: str) -> str | None:
    """What is wrong with the answer, if anything."""
    answer = await ask(app, request, token)
    if answer.status >= 500:
        return f"{request.name}: {answer.status}"
    if answer.status >= 400:
        told = json.loads(answer.body)
        number = len(told.get("errors", ()))
        if len(answer.body) > LARGEST or number > MAX_ERRORS:
            return f"{request.name}: {len(answer.body)} bytes, {number} errors"
        if number == MAX_ERRORS and not told.get("more_errors"):
            return f"{request.name}: does not say that there are more errors"
    return None


@pytest.mark.parametrize("service", SERVICES)
async def test_no_refusal_is_larger_than_64_kib_nor_tells_more_than_fifty_errors(service: str, serve: Serve) -> None:
    served = await serve(service)
    token, found = everything(served), requests_of(service)
    assert len(found) > 100
    assert [wrong for request in found if (wrong := await too_large(served.app, request, token))] == []


async def test_what_is_not_told_is_counted(serve: Serve) -> None:
    served = await serve("registry")
    answer = await served.client.get("/v1/services?" + "&".join(f"a{number}=1" for number in range(60)))
    told = answer.json()
    assert (len(told["errors"]), told["more_errors"]) == (50, 10)
