"""Providers on the wire: what callers send and what they get."""

from typing import Annotated, Self

from pydantic import model_validator

from aksu_registry.providers.rules import body_code
from aksu_shared.events.registry.providers import ProviderState
from aksu_shared.kernel.schemas.base import BadValue, Body, Versioned
from aksu_shared.kernel.schemas.codes import Code, Eik, Line, MunicipalityCode, Note


class NewProvider(Body):
    """A provider to register. A municipality is known by `municipality`, everybody else by `eik`."""

    eik: Eik | None = None
    municipality: MunicipalityCode | None = None
    name: Line
    legal_form: Annotated[str, Code("legal_forms")]
    seat_municipality: MunicipalityCode | None = None
    seat_address: Line | None = None

    @model_validator(mode="after")
    def _known_by_one(self) -> Self:
        is_municipality = self.legal_form == "MUNICIPALITY"
        if is_municipality != (self.municipality is not None) or is_municipality == (self.eik is not None):
            raise BadValue(
                "identity",
                bg="Община се посочва с municipality, всеки друг доставчик – с eik.",
                en="A municipality is named by `municipality`, every other provider by `eik`.",
            )
        return self

    @property
    def body(self) -> str:
        """Code of the body the provider is."""
        return body_code(eik=self.eik, municipality=self.municipality)


class ProviderChanges(Body):
    """Fields of a provider to change; those left out stay."""

    name: Line | None = None
    seat_municipality: MunicipalityCode | None = None
    seat_address: Line | None = None
    reason: Note


class LegalFormConfirmation(Body):
    """The Agency's word on the legal form of a provider; the one proposed unless another is given."""

    legal_form: Annotated[str, Code("legal_forms")] | None = None
    reason: Note


class Party(Body):
    """A provider named by its ЕИК or, a municipality, by its code."""

    eik: Eik | None = None
    municipality: MunicipalityCode | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.eik is None) == (self.municipality is None):
            raise BadValue(
                "identity", bg="Посочете или eik, или municipality.", en="Give either `eik` or `municipality`."
            )
        return self

    @property
    def body(self) -> str:
        """Code of the body the provider is."""
        return body_code(eik=self.eik, municipality=self.municipality)


class ProviderRead(Versioned, ProviderState):
    """A provider of social services."""
