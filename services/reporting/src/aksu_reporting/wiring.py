"""What reporting is made of: the only module that knows all its features. Importing it declares all tables."""

from typing import Final

from fastapi import APIRouter

from aksu_reporting.analyses.services import routes as services
from aksu_reporting.analyses.territory import routes as territory
from aksu_reporting.base import ReportingBase
from aksu_reporting.read_models import routes as read_models
from aksu_reporting.read_models.handlers import COPIES, HANDLERS
from aksu_shared.db.aggregate import Aggregate
from aksu_shared.db.repairs import repairs
from aksu_shared.events.reporting.dead_letters import ReportingRepairEvent

__all__ = ["AGGREGATES", "COPIES", "HANDLERS", "METADATA", "ROUTERS"]

METADATA: Final = ReportingBase.metadata
"""All tables."""

AGGREGATES: Final[tuple[Aggregate, ...]] = (repairs(ReportingRepairEvent),)
"""What reporting owns: read models are copies of others' aggregates."""

ROUTERS: Final[tuple[APIRouter, ...]] = (territory.router, services.router, read_models.router)
"""All under `/v1`."""
