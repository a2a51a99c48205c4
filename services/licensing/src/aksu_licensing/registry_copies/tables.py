"""Social services and providers as the registry last told of them: projections."""

from uuid import UUID

from sqlalchemy.orm import Mapped

from aksu_licensing.base import LicensingBase
from aksu_shared.db.tables import AggregateWithId


class ServiceTable(AggregateWithId, LicensingBase):
    """One service of the registry: who runs it, where, and whether it needs a licence."""

    __tablename__ = "service"

    name: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    licence_required: Mapped[bool]
    provider_id: Mapped[UUID]
    provider_body: Mapped[str]
    provider_name: Mapped[str]
    operator_id: Mapped[UUID | None]
    operator_body: Mapped[str | None]
    operator_name: Mapped[str | None]
    place_id: Mapped[UUID]
    municipality: Mapped[str]
    settlement: Mapped[str]
    address: Mapped[str]


class ProviderTable(AggregateWithId, LicensingBase):
    """One provider of the registry."""

    __tablename__ = "provider"

    body: Mapped[str]
    eik: Mapped[str | None]
    name: Mapped[str]
    legal_form_confirmed: Mapped[bool]
    licence_required: Mapped[bool]
