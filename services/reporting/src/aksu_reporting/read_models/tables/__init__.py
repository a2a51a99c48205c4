"""SQLAlchemy tables of reporting, one class each: other services' aggregates, with the columns that reports need."""

from aksu_reporting.tables.application import ApplicationTable
from aksu_reporting.tables.base import ReportingBase
from aksu_reporting.tables.finding import FindingTable
from aksu_reporting.tables.inspection import InspectionTable
from aksu_reporting.tables.licence import LicenceTable
from aksu_reporting.tables.place import PlaceTable
from aksu_reporting.tables.prescription import PrescriptionTable
from aksu_reporting.tables.provider import ProviderTable
from aksu_reporting.tables.service import ServiceTable
from aksu_reporting.tables.territory import TerritoryTable

__all__ = [
    "ApplicationTable",
    "FindingTable",
    "InspectionTable",
    "LicenceTable",
    "PlaceTable",
    "PrescriptionTable",
    "ProviderTable",
    "ReportingBase",
    "ServiceTable",
    "TerritoryTable",
]
