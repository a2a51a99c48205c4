"""`GET /v1/codelists`: the labels of every enumeration."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

from fastapi import Path
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


class PublishedCodelists:
    """An application's code lists, as `app.state.codelists`; the answers are made when first asked for."""

    def __init__(self, codelists: Codelists) -> None:
        self._codelists = codelists

    @cached_property
    def whole(self) -> _Prepared:
        """All lists."""
        return _Prepared({"items": [self._document(name) for name in self._codelists], "next": None})

    @cached_property
    def single(self) -> Mapping[str, _Prepared]:
        """Each list by its name."""
        return {name: _Prepared(self._document(name)) for name in self._codelists}

    def _document(self, name: str) -> dict[str, Any]:
        labels = self._codelists[name]
        return {"name": name, "items": [{"id": code, **text.as_dict()} for code, text in labels.items()]}


router = Router(prefix="/codelists", tags=["codelists"], dependencies=[requires("platform.codelist.read")])


@router.get("", response_model=CodelistsRead)
async def list_codelists(request: Request) -> Response:
    """All enumerations with their labels in Bulgarian and English."""
    published: PublishedCodelists = request.app.state.codelists
    return published.whole.answer(request)


@router.get("/{name}", response_model=CodelistRead, responses=problems(NotFound))
async def read_codelist(request: Request, name: Annotated[str, Path(max_length=60)]) -> Response:
    """One enumeration by name."""
    published: PublishedCodelists = request.app.state.codelists
    if name not in published.single:
        raise NotFound
    return published.single[name].answer(request)
