"""`GET /v1/codelists`: the labels of every enumeration, built once."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from aksu_shared.auth.dependencies import requires
from aksu_shared.kernel.errors import NotFound, Text
from aksu_shared.kernel.schemas.base import Resource
from aksu_shared.serving.problems import problems
from aksu_shared.web.routing import Router

Codelists = Mapping[str, Mapping[str, Text]]


class CodeRead(Resource):
    """One code and its labels."""

    id: str
    bg: str
    en: str


class CodelistRead(Resource):
    """One list, in the order to show."""

    name: str
    items: list[CodeRead]


class CodelistsRead(Resource):
    """All lists."""

    items: list[CodelistRead]
    next: None = Field(default=None, description="there is one page only")


class _Prepared:
    """Bytes and entity tag of an answer that never changes while the process lives."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        self._tag = f'"{hashlib.sha256(self._body).hexdigest()[:16]}"'

    def answer(self, request: Request) -> Response:
        headers = {"ETag": self._tag, "Cache-Control": "public, max-age=300"}
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if self._tag in known:
            return Response(status_code=304, headers=headers)
        return Response(self._body, headers=headers, media_type="application/json")


def codelist_router(codelists: Codelists) -> APIRouter:
    """Routes that answer with `codelists`, whole or one by name."""
    lists = {
        name: {"name": name, "items": [{"id": code, **text.as_dict()} for code, text in labels.items()]}
        for name, labels in codelists.items()
    }
    whole = _Prepared({"items": list(lists.values()), "next": None})
    single = {name: _Prepared(document) for name, document in lists.items()}
    router = Router(prefix="/codelists", tags=["codelists"], dependencies=[requires("platform.codelist.read")])

    @router.get("", response_model=CodelistsRead)
    async def list_codelists(request: Request) -> Response:
        """All enumerations with their labels in Bulgarian and English."""
        return whole.answer(request)

    @router.get("/{name}", response_model=CodelistRead, responses=problems(NotFound))
    async def read_codelist(request: Request, name: Annotated[str, Path(max_length=60)]) -> Response:
        """One enumeration by name."""
        if name not in single:
            raise NotFound
        return single[name].answer(request)

    return router
