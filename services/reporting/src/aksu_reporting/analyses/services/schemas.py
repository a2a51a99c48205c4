"""What is asked and answered about social services across the registers."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from aksu_shared.kernel.schemas.base import Resource
from aksu_shared.kernel.schemas.codes import Code, CodeOf, MunicipalityCode
from aksu_shared.web.reads import PageQuery

Sort = Literal[
    "name", "-name", "municipality", "-municipality", "licence_valid_until", "-licence_valid_until",
    "last_inspected_on", "-last_inspected_on", "overdue_prescriptions", "-overdue_prescriptions", "id", "-id",
]  # fmt: skip


class ServiceQuery(PageQuery):
    """Filters of the list."""

    q: Annotated[
        str | None,
        Field(min_length=2, max_length=100, description="part of name, provider, operator, settlement or address"),
    ] = None
    region: Annotated[str | None, Field(pattern="^BG[0-9]{2}$", examples=["BG41"])] = None
    oblast: Annotated[str | None, Field(pattern="^[A-Z]{3}$", examples=["BLG"])] = None
    municipality: MunicipalityCode | None = None
    kind: Annotated[str, Code("service_kinds")] | None = None
    financing: Annotated[str, Code("financing")] | None = None
    state: Annotated[str, Code("service_states")] | None = None
    licence_required: bool | None = None
    licence_state: Annotated[str, Code("licence_states")] | None = None
    licence_in_force: bool | None = None
    expiring: Annotated[bool | None, Field(description="licence in force, not renewed, about to end")] = None
    overdue: Annotated[bool | None, Field(description="an overdue prescription at its place")] = None
    provider_id: Annotated[UUID | None, Field(description="responsible for it or operating it")] = None
    place_id: UUID | None = None
    sort: Sort = "name"


class ServiceRow(Resource):
    """A service with its licence, the last inspection of its place and that place's open prescriptions."""

    id: UUID
    name: str
    kind: Annotated[str, CodeOf("service_kinds")]
    financing: Annotated[str, CodeOf("financing")]
    state: Annotated[str, CodeOf("service_states")]
    capacity: int | None
    region: str | None
    oblast: str | None
    municipality: str
    municipality_bg: str | None
    municipality_en: str | None
    settlement: str
    address: str
    place_id: UUID
    provider_id: UUID
    provider_body: str
    provider_name: str
    operator_id: UUID | None
    operator_body: str | None
    operator_name: str | None
    licence_required: bool
    licence_id: UUID | None = Field(description="the licence in force, else the one that ended last")
    licence_number: str | None
    licence_state: Annotated[str, CodeOf("licence_states")] | None = Field(description="as of the legal day")
    licence_valid_until: date | None
    licence_in_force: bool
    last_inspection_id: UUID | None
    last_inspection_kind: Annotated[str, CodeOf("inspection_kinds")] | None
    last_inspection_state: Annotated[str, CodeOf("inspection_states")] | None
    last_inspection_outcome: Annotated[str, CodeOf("inspection_outcomes")] | None
    last_inspected_on: date | None
    open_prescriptions: Annotated[int, Field(ge=0)]
    overdue_prescriptions: Annotated[int, Field(ge=0)]
