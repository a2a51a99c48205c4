"""No cache gives one caller what was answered to another: every operation, asked by somebody and by nobody."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from aksu_local.databases import SERVICES
from aksu_local.served import Serve
from aksu_shared.auth.principal import Role

FOLDER: Final = Path(__file__).parents[2] / "services"
ANY_ID: Final = "00000000-0000-7000-8000-000000000000"
THE_SAME_FOR_EVERYBODY: Final = {"/v1/codelists", "/v1/codelists/financing"}


def operations(service: str) -> Iterator[tuple[str, str]]:
    """Method and path of each, with ids of nothing in particular."""
    document = json.loads((FOLDER / service / "openapi.json").read_text(encoding="utf-8"))
    for path, methods in document["paths"].items():
        place = path.replace("/codelists/{name}", "/codelists/financing")
        for name in place.split("{")[1:]:
            place = place.replace("{" + name.partition("}")[0] + "}", ANY_ID)
        yield from ((method.upper(), place) for method in methods)


def apart(answer: httpx.Response, *, known: bool) -> bool:
    stored = answer.headers.get("cache-control", "")
    varies = {part.strip().lower() for part in answer.headers.get("vary", "").split(",")}
    return "authorization" in varies and (not known or "no-store" in stored)


@pytest.mark.parametrize("service", SERVICES)
async def test_what_is_answered_to_somebody_is_kept_nowhere(service: str, serve: Serve) -> None:
    served = await serve(service)
    token = served.issuer.issue("anybody", roles=[role.value for role in Role], body="AKSU")
    wrong: list[tuple[str, str, object]] = []
    good = 0
    for method, path in operations(service):
        for headers in ({"Authorization": f"Bearer {token}"}, {}):
            answer = await served.client.request(method, path, headers=headers)
            good += answer.is_success
            shared = path in THE_SAME_FOR_EVERYBODY
            if shared != answer.headers.get("cache-control", "").startswith("public"):
                wrong.append((method, path, "shared"))
            if not shared and not apart(answer, known=bool(headers)):
                wrong.append((method, path, dict(answer.headers)))
    assert wrong == []
    assert good > 10
