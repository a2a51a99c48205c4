"""What licensing listens to, and what its deadlines do."""

from aksu_licensing.consumers.deadlines import licence_expired, term_approaching, term_passed
from aksu_licensing.consumers.registry import import_licences, keep_providers, keep_services
from aksu_licensing.services.applications import TERM_APPROACHING, TERM_PASSED
from aksu_licensing.services.licences import EXPIRED
from aksu_shared.db.access import keep_revocations
from aksu_shared.events.registry import AccessEvent, ProviderEvent, RegisterRowImported, ServiceEvent
from aksu_shared.worker.routing import Handlers
from aksu_shared.worker.scheduler import DeadlineHandler

HANDLERS: Handlers = {
    ServiceEvent: keep_services,
    ProviderEvent: keep_providers,
    RegisterRowImported: import_licences,
    AccessEvent: keep_revocations,
}
"""Event class → handler."""

DEADLINES: dict[str, DeadlineHandler] = {
    TERM_APPROACHING: term_approaching,
    TERM_PASSED: term_passed,
    EXPIRED: licence_expired,
}
"""Kind of deadline → handler."""
