"""The import of the Agency's public register as a workbook."""

from typing import Annotated

from fastapi import File, Query, UploadFile

from aksu_registry.register_import.errors import LayoutMismatch
from aksu_registry.register_import.importing import import_register
from aksu_registry.register_import.schemas import ImportReport
from aksu_shared.auth.dependencies import PrincipalDep, requires
from aksu_shared.kernel.errors import Forbidden, Malformed, TooLarge, UnsupportedMedia
from aksu_shared.kernel.schemas.base import Filters
from aksu_shared.serving.problems import problems
from aksu_shared.web.api import ApiDep
from aksu_shared.web.request import UPLOAD_BODY
from aksu_shared.web.routing import Router, deadline
from aksu_shared.web.uploads import is_safe

router = Router(tags=["imports"])


class ImportQuery(Filters):
    """How to import."""

    dry_run: bool = False


@router.post(
    "/imports",
    responses=problems(Malformed, LayoutMismatch, TooLarge, UnsupportedMedia, Forbidden),
    dependencies=[requires("registry.register.import")],
    max_body_size=UPLOAD_BODY,
)
@deadline(300)
async def import_workbook(
    file: Annotated[UploadFile, File(description="XLSX in the layout of the public register, 15 columns")],
    query: Annotated[ImportQuery, Query()],
    api: ApiDep,
    principal: PrincipalDep,
) -> ImportReport:
    """Take over a register; every row gets a result. With `dry_run` the same report, and nothing is stored.

    Importing the same file again changes nothing, so this needs no idempotency key.
    """
    source, name = await file.read(), file.filename or ""
    shown = name if is_safe(name) else ""
    return await import_register(api.commands, source, name=shown, by=principal, dry_run=query.dry_run)
