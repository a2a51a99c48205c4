"""Facts of dead letters that monitoring applies with other content than they came with."""

from aksu_shared.events.base import Event
from aksu_shared.events.repairs import RepairState


class MonitoringRepairEvent(Event[RepairState], aggregate="monitoring.dead_letter"):
    """About a dead letter of monitoring."""


class MonitoringRepairConfirmed(MonitoringRepairEvent, fact="repair_confirmed"):
    """A second person, who answers for such content, confirmed what the operator proposed."""
