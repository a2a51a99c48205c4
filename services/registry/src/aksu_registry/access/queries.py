"""Hot reads of revoked access."""

from sqlalchemy import select

from aksu_shared.db.access import ACCESS_REVOCATION
from aksu_shared.db.reads import Page

_A = ACCESS_REVOCATION.c
REVOCATIONS = Page(
    columns=select(_A.id, _A.not_before, _A.version), filters={}, sorts={"not_before": (_A.not_before, _A.id)}
)
