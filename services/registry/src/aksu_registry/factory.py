"""The composition root: what one unit of work of the registry is made of."""

from dataclasses import dataclass

from aksu_registry.services.access import AccessService
from aksu_registry.services.imports import ImportService
from aksu_registry.services.places import PlaceService
from aksu_registry.services.providers import ProviderService
from aksu_registry.services.social_services import SocialServiceService
from aksu_registry.services.territories import TerritoryService
from aksu_registry.storage import (
    AccessStore,
    BodyStore,
    PlaceStore,
    ProviderStore,
    RegisterRowStore,
    ServiceStore,
    TerritoryStore,
)
from aksu_shared.auth.permissions import Rights
from aksu_shared.db.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Factory:
    """Builds the registry's services on one unit of work."""

    work: UnitOfWork
    rights: Rights

    def access(self) -> AccessService:
        """Whose tokens count since when."""
        return AccessService(revocations=AccessStore(self.work))

    def territories(self) -> TerritoryService:
        """Territory and public bodies."""
        return TerritoryService(territories=TerritoryStore(self.work), bodies=BodyStore(self.work))

    def providers(self) -> ProviderService:
        """Providers."""
        return ProviderService(providers=ProviderStore(self.work), bodies=BodyStore(self.work), rights=self.rights)

    def services(self) -> SocialServiceService:
        """Social services."""
        places = PlaceStore(self.work)
        return SocialServiceService(
            work=self.work,
            services=ServiceStore(self.work),
            providers=ProviderStore(self.work),
            place_store=places,
            places=PlaceService(places=places),
            rights=self.rights,
        )

    def imports(self) -> ImportService:
        """The import of the public register."""
        places = PlaceStore(self.work)
        return ImportService(
            providers=ProviderStore(self.work),
            places=places,
            services=ServiceStore(self.work),
            rows=RegisterRowStore(self.work),
            provider_service=self.providers(),
            place_service=PlaceService(places=places),
        )
