"""All event types of the platform: type → class. A frozen JSON Schema per type guards each of them.

Whatever a module below this package declares is found: a new fact needs no entry anywhere.
"""

import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import walk_packages
from types import MappingProxyType, ModuleType
from typing import Any, Final

from aksu_shared.events import licensing, monitoring, registry, reporting
from aksu_shared.events.base import Event

_SERVICES: Final = (registry, licensing, monitoring, reporting)


def _modules() -> Iterator[ModuleType]:
    for service in _SERVICES:
        for found in walk_packages(service.__path__, f"{service.__name__}."):
            yield import_module(found.name)


def _facts() -> dict[str, type[Event[Any]]]:
    classes = (cls for module in _modules() for _, cls in inspect.getmembers(module, inspect.isclass))
    return {cls.type: cls for cls in classes if issubclass(cls, Event) and cls.type}


CATALOGUE: Final[Mapping[str, type[Event[Any]]]] = MappingProxyType(_facts())
"""Event type → class."""
READ_UNDER: Final[Mapping[str, str]] = MappingProxyType({cls.topic: cls.read for cls in CATALOGUE.values()})
"""Topic → the right under which its aggregates are read."""
