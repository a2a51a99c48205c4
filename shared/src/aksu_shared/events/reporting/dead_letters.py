"""Facts of dead letters that reporting applies with other content than they came with."""

from aksu_shared.events.base import Event
from aksu_shared.events.repairs import RepairState


class ReportingRepairEvent(Event[RepairState], aggregate="reporting.dead_letter"):
    """About a dead letter of reporting."""


class ReportingRepairConfirmed(ReportingRepairEvent, fact="repair_confirmed"):
    """A second person, who answers for such content, confirmed what the operator proposed."""
