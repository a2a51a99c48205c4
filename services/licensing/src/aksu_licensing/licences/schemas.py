"""What callers get of licences, and what an order tells of the end of one."""

from datetime import date
from typing import Annotated

from aksu_shared.events.licensing.licences import LicenceState
from aksu_shared.kernel.schemas.base import Command, Versioned
from aksu_shared.kernel.schemas.codes import Code


class LicenceRead(Versioned, LicenceState):
    """A licence with what the registry tells of its service; `expiring`: it ends within three months of today."""

    origin: Annotated[str, Code("licence_origins")]
    kind: Annotated[str, Code("licence_kinds")]
    provider_eik: str | None
    service_name: str | None
    service_kind: str | None
    settlement: str | None
    address: str | None
    expiring: bool


class Ending(Command):
    """The order by which a licence is renewed, replaced or terminated; `last_day` is that of its effect.

    A renewed licence keeps its effect up to its own last day.
    """

    order_number: str | None
    decided_on: date
    last_day: date
    reason: str | None
