"""Revoked access, read under lock for a change."""

from aksu_shared.db.access import ACCESS_REVOCATION
from aksu_shared.db.store import Store
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events.registry.access import AccessState


class AccessStore(Store[AccessState]):
    """Revoked access by subject."""

    def __init__(self, work: UnitOfWork) -> None:
        super().__init__(work, ACCESS_REVOCATION, AccessState)
