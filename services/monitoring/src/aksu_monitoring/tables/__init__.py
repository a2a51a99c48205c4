"""SQLAlchemy tables of monitoring; a row of an aggregate is its public state."""

from aksu_monitoring.tables.base import MonitoringBase
from aksu_monitoring.tables.duty import InspectionDutyTable
from aksu_monitoring.tables.finding import FindingTable
from aksu_monitoring.tables.ingest import IngestEventTable, IngestInspectionTable
from aksu_monitoring.tables.inspection import InspectionTable
from aksu_monitoring.tables.prescription import PrescriptionTable
from aksu_monitoring.tables.projections import LicenceTable, PlaceTable, ServiceTable
from aksu_monitoring.tables.restricted import InspectionSiteTable, RestrictedTextTable
from aksu_monitoring.tables.signal import SignalTable
from aksu_monitoring.tables.sources import PushedRecordTable, PushKeyTable, PushSourceTable

__all__ = [
    "FindingTable",
    "IngestEventTable",
    "IngestInspectionTable",
    "InspectionDutyTable",
    "InspectionSiteTable",
    "InspectionTable",
    "LicenceTable",
    "MonitoringBase",
    "PlaceTable",
    "PrescriptionTable",
    "PushKeyTable",
    "PushSourceTable",
    "PushedRecordTable",
    "RestrictedTextTable",
    "ServiceTable",
    "SignalTable",
]
