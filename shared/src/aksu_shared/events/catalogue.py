"""All event types of the platform: type → class. A frozen JSON Schema per type guards each of them."""

import inspect
from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from aksu_shared.events import licensing, monitoring, registry, reporting
from aksu_shared.events.base import Event


def _facts(*modules: ModuleType) -> dict[str, type[Event[Any]]]:
    classes = (cls for module in modules for _, cls in inspect.getmembers(module, inspect.isclass))
    return {cls.type: cls for cls in classes if issubclass(cls, Event) and cls.type}


CATALOGUE: Mapping[str, type[Event[Any]]] = MappingProxyType(_facts(registry, licensing, monitoring, reporting))
"""Event type → class."""
