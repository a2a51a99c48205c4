"""Facts of rows of the imported public register."""

from datetime import date
from uuid import UUID

from aksu_shared.events.base import Event, State


class ImportedLicence(State):
    """One licence of a register row: number `Л-<service no>-<seq>/<dd.mm.yyyy>`, issue day, last day of validity.

    `sequence` is the one in the number. `predecessor` is the number of the licence in the same row that this one
    replaced; the row's original has none.
    """

    number: str
    sequence: int
    issued_on: date
    valid_until: date
    predecessor: str | None = None


class RegisterRowState(State):
    """One row of the Agency's public register: the service it describes and its licence columns.

    `number` is the original licence's, which names the row: one licence covers one service.
    """

    id: UUID
    number: str
    service_id: UUID
    provider_id: UUID
    provider_body: str
    provider_name: str
    place_id: UUID
    municipality: str
    original: ImportedLicence
    changed: ImportedLicence | None
    renewed: ImportedLicence | None
    violations: str | None


class RegisterRowEvent(Event[RegisterRowState], aggregate="registry.register_row", read="registry.register.import"):
    """About a row of the imported register: no list shows it, so it is told to who imports the register."""


class RegisterRowImported(RegisterRowEvent, fact="imported"):
    """A row of the register was imported; licensing makes its licences from it."""
