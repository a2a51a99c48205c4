"""Documents of applications. What is restricted in them is opened here, for who may."""

import asyncio
import json
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Query, Request
from starlette.responses import Response

from aksu_licensing.applications.errors import ApplicationDecided
from aksu_licensing.applications.queries import APPLICATION_BY_ID
from aksu_licensing.applications.schemas import Attached
from aksu_licensing.documents.errors import ContentErased, ContentRestricted, TooManyDocuments
from aksu_licensing.documents.queries import DOCUMENT_BY_ID, DOCUMENTS
from aksu_licensing.documents.schemas import DocumentRead, Upload
from aksu_licensing.documents.service import DocumentService
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.kernel.errors import Forbidden, Malformed, NotFound, UnsupportedMedia
from aksu_shared.kernel.schemas.base import Filters
from aksu_shared.kernel.schemas.codes import Code
from aksu_shared.privacy.people import Known, opened
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep, CommandDep
from aksu_shared.web.commands import COMMAND_PROBLEMS
from aksu_shared.web.reads import NO_STORE, PageOf, PageQuery, opened_page_response
from aksu_shared.web.routing import Router, accepts, deadline
from aksu_shared.web.uploads import (
    DOCUMENT_TYPES,
    FileNameRefused,
    FileTypeMismatch,
    attachment,
    check_content,
    file_name,
)

router = Router(tags=["attachments"])

MAX_DOCUMENT = 10 * 1024 * 1024
_CONTENT = {
    media: {"schema": {"type": "string", "format": "binary", "contentMediaType": media}} for media in DOCUMENT_TYPES
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": _CONTENT,
    }
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The document, to be saved.",
        "content": _CONTENT,
    }
}


class DocumentKind(Filters):
    """What the document is; its name is no part of an address."""

    kind: Annotated[str, Code("document_kinds")]


class DocumentQuery(PageQuery):
    """Pages of documents, as they came."""

    sort: Literal["attached_at", "-attached_at"] = "attached_at"


@router.post(
    "/applications/{application_id}/documents",
    status_code=201,
    response_model=Attached,
    responses=problems(
        *COMMAND_PROBLEMS, NotFound, Forbidden, ApplicationDecided, TooManyDocuments, FileNameRefused, FileTypeMismatch
    ),
    dependencies=[requires("licensing.document.attach")],
    max_body_size=MAX_DOCUMENT,
    openapi_extra=_BODY,
)
@accepts(*DOCUMENT_TYPES)
@deadline(60)
async def attach_document(
    application_id: UUID,
    query: Annotated[DocumentKind, Query()],
    request: Request,
    command: CommandDep,
    disposition: Annotated[
        str | None,
        Header(alias="Content-Disposition", max_length=1000, description="attachment; filename*=UTF-8''name.pdf"),
    ] = None,
) -> Response:
    """Attach a document while the application is not decided: PDF, PNG, JPEG or XLSX, up to 10 MiB, by its content.

    Its name and content are sealed; kind, size and SHA-256 are seen by who sees the application.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in DOCUMENT_TYPES:  # without a body nobody asked
        raise UnsupportedMedia(accepted=", ".join(DOCUMENT_TYPES))
    name, content = file_name(disposition, media=media), await request.body()
    await asyncio.to_thread(check_content, content, media=media, limit=MAX_DOCUMENT)  # unpacking takes half a second
    upload = Upload(kind=query.kind, media_type=media, name=name, content=content)
    kept = await DocumentService(command.context).attach(application_id, upload, by=command.principal)
    return command.reply(201, Attached.of(kept), version=kept.version, location=f"/v1/documents/{kept.id}/content")


@router.get(
    "/applications/{application_id}/documents",
    response_model=PageOf[DocumentRead],
    responses=problems(NotFound, Malformed),
    dependencies=[requires("licensing.application.read")],
)
async def list_documents(
    application_id: UUID, query: Annotated[DocumentQuery, Query()], api: ApiDep, principal: PrincipalDep
) -> Response:
    """Documents of an application, to who sees it; their names to who may open them."""
    if await api.reads.one(APPLICATION_BY_ID, scope=",".join(principal.scope_keys), id=application_id) is None:
        raise NotFound
    may_open = bool(api.rights.granted(principal, "licensing.document.read"))

    def shown(item: dict[str, Any]) -> dict[str, Any]:
        known = opened(api.keys, item.pop("people"))
        return item | _document(known[0] if known and may_open else None)

    return await opened_page_response(
        api.reads, DOCUMENTS, query, principal, shown=shown, application_id=application_id
    )


@router.get(
    "/documents/{document_id}/content",
    response_class=Response,
    responses=problems(NotFound, Malformed, Forbidden, ContentErased, ContentRestricted) | _FILE,
    dependencies=[requires("licensing.document.read")],
)
async def get_document(document_id: UUID, api: ApiDep, principal: PrincipalDep) -> Response:
    """The document itself, to the Agency's officers and the applicant that attached it; each time is recorded."""
    found = await api.reads.one(DOCUMENT_BY_ID, scope=",".join(principal.scope_keys), id=document_id)
    if found is None:
        raise NotFound
    document = json.loads(found[1])
    known = opened(api.keys, document["people"])
    if not known:  # seen, but sealed for others: a party to the application
        raise Forbidden(right="licensing.document.read")
    if known[0].erased:
        raise ContentErased
    if known[0].restricted and not known[0].fields:  # else the case for which they are kept still runs
        raise ContentRestricted
    fields = known[0].fields
    headers = {"Content-Disposition": attachment((fields["name"] or b"").decode()), **NO_STORE}
    return Response(fields["content"], media_type=document["media_type"], headers=headers)


def _document(known: Known | None) -> dict[str, Any]:
    """What is known of a document besides its row; nothing to who may not open it."""
    if known is None:
        return {"subject_id": None, "name": None, "erased": False, "restricted": False}
    name = known.fields.get("name")
    return {
        "subject_id": str(known.subject_id),
        "name": None if name is None else name.decode(),
        "erased": known.erased,
        "restricted": known.restricted,
    }
