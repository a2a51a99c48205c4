"""Hot reads of revoked access."""

from sqlalchemy import select

from aksu_registry.access.schemas import RevocationRead
from aksu_shared.db.access import ACCESS_REVOCATION
from aksu_shared.db.aggregate import Aggregate, Reading
from aksu_shared.db.reads import Page
from aksu_shared.events.registry.access import AccessEvent

_A = ACCESS_REVOCATION.c
REVOCATIONS = Page(
    columns=select(_A.id, _A.not_before, _A.version), filters={}, sorts={"not_before": (_A.not_before, _A.id)}
)

REVOCATION = Aggregate(fact=AccessEvent, table=ACCESS_REVOCATION, readings=(Reading(REVOCATIONS, RevocationRead),))
