"""What the registry makes of a row of the register: a provider, a service, and the row's licences as facts.

A row is known by the number of its original licence, which changes and renewals leave as it is: it says which service
the row means even when the address or wording has changed since the last import.
"""

from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_registry.register_import.licence_checks import licence_chain
from aksu_registry.register_import.rows import RegisterRow, RowProvider
from aksu_registry.services.machine import ACTIVE
from aksu_registry.services.rules import check_home, check_service
from aksu_shared.events.registry.places import PlaceState
from aksu_shared.events.registry.providers import ProviderState
from aksu_shared.events.registry.register_import import ImportedLicence, RegisterRowState
from aksu_shared.events.registry.services import ServiceState
from aksu_shared.kernel.codelists import CODELISTS, LICENCE_REQUIRED
from aksu_shared.kernel.errors import RuleBroken
from aksu_shared.workbook import CellError

_LEGAL_FORM = "чл. 146 ЗСУ"


def check_legal_form(legal_form: str) -> list[CellError]:
    """A provider whose legal form needs no licence cannot stand in the register of licensed providers."""
    if LICENCE_REQUIRED[legal_form]:
        return []
    label = CODELISTS["legal_forms"][legal_form]
    return [
        CellError(
            column="provider",
            code="licence_not_required",
            bg=f"Доставчик с правна форма „{label.bg}“ не подлежи на лицензиране.",
            en=f"A provider of legal form '{label.en}' needs no licence.",
            legal_basis=_LEGAL_FORM,
        )
    ]


def place_of(row: RegisterRow) -> str:
    """The folded address by which the row's place is known."""
    return "|".join(row.place_key)


def new_place(row: RegisterRow) -> PlaceState:
    """The row's place, before it is known or entered."""
    place = row.place
    return PlaceState(
        id=uuid7(),
        key=place_of(row),
        municipality=place.municipality,
        settlement=place.settlement,
        address=place.address,
    )


def new_provider(given: RowProvider) -> ProviderState:
    """A provider of whom nothing is known but what its row says."""
    return ProviderState(
        id=uuid7(),
        body=given.body,
        eik=given.eik,
        name=given.name,
        legal_form=given.legal_form,
        legal_form_confirmed=True,
        licence_required=LICENCE_REQUIRED[given.legal_form],
        seat_municipality=None,
        seat_address=given.seat,
    )


def provider_facts(state: ProviderState, given: RowProvider) -> dict[str, Any]:
    """Fields of a registered provider that the register knows better.

    Its legal form is read from its name: less than what the Agency has confirmed, more than what was proposed.
    """
    facts: dict[str, Any] = {"name": given.name, "seat_address": given.seat}
    if state.legal_form_confirmed:
        return facts
    return facts | {
        "legal_form": given.legal_form,
        "legal_form_confirmed": True,
        "licence_required": LICENCE_REQUIRED[given.legal_form],
    }


def new_service(row: RegisterRow, provider: ProviderState, place: PlaceState) -> ServiceState:
    """The register does not say who pays: a licensed provider's service counts as private until it is corrected."""
    return ServiceState(
        id=uuid7(),
        name=row.service,
        kind=row.kind,
        activity_groups=row.activity_groups,
        target_groups=row.target_groups,
        financing="PRIVATE",
        management=None,
        capacity=None,
        state=ACTIVE,
        licence_required=provider.licence_required,
        provider_id=provider.id,
        provider_body=provider.body,
        provider_name=provider.name,
        operator_id=None,
        operator_body=None,
        operator_name=None,
        place_id=place.id,
        municipality=place.municipality,
        settlement=place.settlement,
        address=place.address,
        started_on=None,
    )


def service_facts(state: ServiceState, row: RegisterRow, provider: ProviderState, place: PlaceState) -> dict[str, Any]:
    """Fields of a registered service that the register knows better; financing, capacity and management are not."""
    runs = "operator" if state.operator_body and provider.body != state.provider_body else "provider"
    return {
        "name": row.service,
        "kind": row.kind,
        "activity_groups": row.activity_groups if row.kind != state.kind else state.activity_groups,
        "target_groups": row.target_groups,
        f"{runs}_id": provider.id,
        f"{runs}_body": provider.body,
        f"{runs}_name": provider.name,
        "place_id": place.id,
        "municipality": place.municipality,
        "settlement": place.settlement,
        "address": place.address,
    }


def contradiction(state: ServiceState, provider: ProviderState) -> CellError | None:
    """What would not hold of a registered service any more, were it as its row with this provider says."""
    try:
        if state.provider_body == provider.body:
            check_service(state, responsible=provider)
        else:  # who runs it changes; who answers for it stays
            check_home(state)
    except RuleBroken as broken:
        return CellError(
            column="provider",
            code=broken.code,
            bg=broken.message("bg"),
            en=broken.message("en"),
            legal_basis=broken.legal_basis,
        )
    return None


def register_row(row: RegisterRow, provider: ProviderState, service: ServiceState, *, row_id: UUID) -> RegisterRowState:
    """The row as it leaves for those who make licences of it."""
    licences = _licences(row)
    return RegisterRowState(
        id=row_id,
        number=row.row_key,
        service_id=service.id,
        provider_id=provider.id,
        provider_body=provider.body,
        provider_name=provider.name,
        place_id=service.place_id,
        municipality=service.municipality,
        original=licences["original"],
        changed=licences.get("changed"),
        renewed=licences.get("renewed"),
        violations=row.violations,
    )


def _licences(row: RegisterRow) -> dict[str, ImportedLicence]:
    """The row's licences by column, each with the one it replaced."""
    chain = licence_chain(row.original, row.changed, row.renewed)
    predecessors = (None, *(link.claim.number for link in chain[:-1]))
    return {
        link.column: ImportedLicence(
            number=link.claim.number,
            sequence=link.number.sequence,
            issued_on=link.claim.issued_on,
            valid_until=link.claim.valid_until,
            predecessor=predecessor,
        )
        for link, predecessor in zip(chain, predecessors, strict=True)
    }
