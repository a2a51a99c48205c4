"""Services and providers as licensing knows them from the registry."""

from typing import NamedTuple
from uuid import UUID

from aksu_shared.events.base import State


class Runner(NamedTuple):
    """The provider that runs a service: the operator when it is assigned, else the responsible provider."""

    id: UUID
    body: str
    name: str


class KnownService(State):
    """A service as licensing knows it from the registry."""

    id: UUID
    name: str
    kind: str
    state: str
    licence_required: bool
    provider_id: UUID
    provider_body: str
    provider_name: str
    operator_id: UUID | None
    operator_body: str | None
    operator_name: str | None
    place_id: UUID
    municipality: str
    settlement: str
    address: str

    @property
    def runner(self) -> Runner:
        """Who needs the licence."""
        if self.operator_id and self.operator_body and self.operator_name:
            return Runner(self.operator_id, self.operator_body, self.operator_name)
        return Runner(self.provider_id, self.provider_body, self.provider_name)


class KnownProvider(State):
    """A provider as licensing knows it from the registry."""

    id: UUID
    body: str
    name: str
    legal_form_confirmed: bool
    licence_required: bool
