"""Facts of dead letters that licensing applies with other content than they came with."""

from aksu_shared.events.base import Event
from aksu_shared.events.repairs import RepairState


class LicensingRepairEvent(Event[RepairState], aggregate="licensing.dead_letter"):
    """About a dead letter of licensing."""


class LicensingRepairConfirmed(LicensingRepairEvent, fact="repair_confirmed"):
    """A second person, who answers for such content, confirmed what the operator proposed."""
