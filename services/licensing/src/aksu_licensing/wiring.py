"""What licensing is made of, collected from its features. Importing it imports every table."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter

from aksu_licensing.applications import handlers as application_handlers
from aksu_licensing.applications import routes as application_routes
from aksu_licensing.applications.queries import APPLICATION
from aksu_licensing.base import LicensingBase
from aksu_licensing.checks import routes as check_routes
from aksu_licensing.checks import service as checks
from aksu_licensing.checks.queries import MANAGER_CHECK
from aksu_licensing.conditions.queries import CONDITIONS
from aksu_licensing.config import SERVICE
from aksu_licensing.documents import routes as document_routes
from aksu_licensing.documents import service as documents
from aksu_licensing.documents.queries import DOCUMENT
from aksu_licensing.licences import handlers as licence_handlers
from aksu_licensing.licences import routes as licence_routes
from aksu_licensing.licences.queries import LICENCE
from aksu_licensing.register_takeover import handlers as takeover_handlers
from aksu_licensing.register_takeover import store as register_takeover
from aksu_licensing.registry_copies import handlers as copy_handlers
from aksu_licensing.registry_copies import store as registry_copies
from aksu_shared.db.access import keep_revocations
from aksu_shared.db.aggregate import Aggregate
from aksu_shared.db.repairs import repairs
from aksu_shared.events.licensing.dead_letters import LicensingRepairEvent
from aksu_shared.events.registry.access import AccessEvent
from aksu_shared.operations.changes import changes_router
from aksu_shared.operations.subjects import subjects_router
from aksu_shared.privacy.holdings import Holdings
from aksu_shared.worker.copies import Copies
from aksu_shared.worker.routing import Handlers
from aksu_shared.worker.scheduler import DeadlineHandler

AGGREGATES: Final[tuple[Aggregate, ...]] = (
    LICENCE,
    APPLICATION,
    CONDITIONS,
    DOCUMENT,
    MANAGER_CHECK,
    repairs(LicensingRepairEvent),
)
"""What licensing owns."""

HOLDINGS: Final[Holdings] = {**documents.HOLDINGS, **checks.HOLDINGS}
"""Class of personal data → where its people are told of, and until when they are needed."""

ROUTERS: Final[tuple[APIRouter, ...]] = (
    application_routes.router,
    document_routes.router,
    check_routes.router,
    licence_routes.router,
    subjects_router(HOLDINGS),
    changes_router(SERVICE),
)
"""All under `/v1`."""

HANDLERS: Final[Handlers] = {
    **copy_handlers.HANDLERS,
    **takeover_handlers.HANDLERS,
    AccessEvent: keep_revocations,
}
"""Event class → handler."""

DEADLINES: Final[Mapping[str, DeadlineHandler]] = {**application_handlers.DEADLINES, **licence_handlers.DEADLINES}
"""Kind of deadline → handler."""

COPIES: Final[Copies] = {**registry_copies.COPIES, **register_takeover.COPIES}
"""Event class of an aggregate of the registry → what is kept of it here."""

METADATA: Final = LicensingBase.metadata
"""All tables, for the migrations."""
