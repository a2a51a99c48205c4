"""SQLAlchemy tables of the registry, one class each; a row is its aggregate's public state."""

from aksu_registry.tables.base import RegistryBase
from aksu_registry.tables.body import BodyTable
from aksu_registry.tables.place import PlaceTable
from aksu_registry.tables.provider import ProviderTable
from aksu_registry.tables.register_row import RegisterRowTable
from aksu_registry.tables.service import ServiceTable
from aksu_registry.tables.territory import TerritoryTable

__all__ = [
    "BodyTable",
    "PlaceTable",
    "ProviderTable",
    "RegisterRowTable",
    "RegistryBase",
    "ServiceTable",
    "TerritoryTable",
]
