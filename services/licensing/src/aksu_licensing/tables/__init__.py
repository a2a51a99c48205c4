"""SQLAlchemy tables of licensing, one class each."""

from aksu_licensing.tables.application import ApplicationTable
from aksu_licensing.tables.base import LicensingBase
from aksu_licensing.tables.counter import CounterTable
from aksu_licensing.tables.document import DocumentTable
from aksu_licensing.tables.licence import LicenceTable
from aksu_licensing.tables.manager_check import ManagerCheckTable
from aksu_licensing.tables.provider import ProviderTable
from aksu_licensing.tables.register_row import RegisterRowTable
from aksu_licensing.tables.service import ServiceTable

__all__ = [
    "ApplicationTable",
    "CounterTable",
    "DocumentTable",
    "LicenceTable",
    "LicensingBase",
    "ManagerCheckTable",
    "ProviderTable",
    "RegisterRowTable",
    "ServiceTable",
]
