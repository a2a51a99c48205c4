"""Facts of places at which services are provided."""

from uuid import UUID

from aksu_shared.events.base import Event, State


class PlaceState(State):
    """A place where services are provided; it survives the legal entity that runs it. `key` is its folded address."""

    id: UUID
    key: str
    municipality: str
    settlement: str
    address: str


class PlaceEvent(Event[PlaceState], aggregate="registry.place"):
    """About a place."""


class PlaceRegistered(PlaceEvent, fact="registered"):
    """A place entered the register."""


class PlaceAmended(PlaceEvent, fact="amended"):
    """A place's address changed."""
