"""SQLAlchemy tables of the copies, one class each, in files by what they are about."""

from aksu_reporting.read_models.tables.inspections import FindingTable, InspectionTable, PrescriptionTable
from aksu_reporting.read_models.tables.licences import ApplicationTable, LicenceTable
from aksu_reporting.read_models.tables.services import PlaceTable, ProviderTable, ServiceTable
from aksu_reporting.read_models.tables.territory import TerritoryTable

__all__ = [
    "ApplicationTable",
    "FindingTable",
    "InspectionTable",
    "LicenceTable",
    "PlaceTable",
    "PrescriptionTable",
    "ProviderTable",
    "ServiceTable",
    "TerritoryTable",
]
