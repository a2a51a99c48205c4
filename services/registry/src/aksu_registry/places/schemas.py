"""Places as callers get them."""

from uuid import UUID

from aksu_shared.kernel.schemas.base import Versioned


class PlaceRead(Versioned):
    """A place where services are provided."""

    id: UUID
    municipality: str
    settlement: str
    address: str
