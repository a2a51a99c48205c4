"""Facts the services tell each other: one class per event type, declared by their producer, listed in the catalogue."""

from aksu_shared.events.base import Event, Meta, Scope, State

__all__ = ["Event", "Meta", "Scope", "State"]
