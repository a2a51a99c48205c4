"""What is asked and answered about territories. Bases are named where a figure could be read in two ways."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from aksu_reporting.measures.levels import Inner, Level
from aksu_reporting.read_models.schemas import FreshAt
from aksu_shared.kernel.schemas.base import Filters, Resource

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1, description="four decimals")]
ByCode = dict[str, Count]

Sort = Literal[
    "code", "name_bg", "-name_bg", "population", "-population", "services", "-services", "places", "-places",
    "state_delegated_share_of_services", "-state_delegated_share_of_services",
    "state_delegated_share_of_places", "-state_delegated_share_of_places",
    "private_share_of_services", "-private_share_of_services", "private_share_of_places", "-private_share_of_places",
    "licences_in_force", "-licences_in_force", "licences_expiring", "-licences_expiring",
    "inspections_this_year", "-inspections_this_year", "prescriptions_overdue", "-prescriptions_overdue",
]  # fmt: skip


class ChildrenQuery(Filters):
    """Which territories inside, in which order."""

    level: Annotated[Inner | None, Field(description="default: the next level down")] = None
    sort: Sort = "code"


class TerritoryFigures(Resource):
    """The territory and its people. Persons by Census 07.09.2021."""

    code: str
    level: Level
    name_bg: str
    name_en: str
    parent: str | None
    nuts: str | None
    population: Count
    age0_14: Count
    age65plus: Count
    municipalities: Count


class ProviderCount(Resource):
    """Providers by legal form, and whether that form needs a licence (чл. 146 ЗСУ)."""

    total: Count
    licence_required: Count
    licence_not_required: Count
    by_legal_form: ByCode


class ProviderFigures(Resource):
    """Providers, on two bases."""

    working: ProviderCount = Field(
        description="Responsible for or operating an active service here. One that works in several territories "
        "counts in each, so these figures do not add up."
    )
    seated: ProviderCount = Field(description="With their seat here; these add up.")
    seat_unknown: Count | None = Field(
        description="Providers whose municipality of seat is not known, and who are seated nowhere. Nation only."
    )


class ServiceCount(Resource):
    """Active services and their places."""

    services: Count
    places: Count = Field(description="sum of the known capacities")
    capacity_unknown: Count = Field(description="services whose capacity is not known, and not in `places`")


class FinancingShares(Resource):
    """How a base divides by financing; each class stands for itself, MIXED too.

    Null where nothing can be said: the base is zero, or of no service of the class the capacity is known.
    """

    state_delegated: Share | None
    municipal: Share | None
    private: Share | None
    mixed: Share | None
    eu_project: Share | None


class SharesOf(Resource):
    """Shares and what they are shares of."""

    base: Literal["services", "places"]
    of: Count = Field(description="the base: all active services, or the places of those whose capacity is known")
    unknown: Count | None = Field(description="base places: services left out because their capacity is not known")
    share: FinancingShares


class ServiceFigures(Resource):
    """Active services."""

    total: Count
    places: Count = Field(description="sum of the known capacities")
    capacity_unknown: Count
    licence_required: Count
    closed: Count = Field(description="closed services, in no other figure")
    by_financing: dict[str, ServiceCount]
    shares: list[SharesOf]
    by_kind: dict[str, ServiceCount]
    by_activity_group: dict[str, ServiceCount] = Field(
        description="A service of several groups (чл. 15 ЗСУ) counts in each, so these figures exceed the total."
    )


class LicenceFigures(Resource):
    """Licences as of the legal day: one past its last day is EXPIRED, whether or not that was announced yet."""

    total: Count
    in_force: Count
    expiring: Count = Field(description="in force, without a successor, and ending by `expiring_until`")
    expiring_until: date
    by_state: ByCode


class Unplaced(Resource):
    """What lies in no territory yet: the place is known by an id alone, which the registry has not told of."""

    inspections: Count
    prescriptions: Count


class ApplicationFigures(Resource):
    """Applications; `overdue`: the term of the decision has passed (чл. 151 ЗСУ)."""

    total: Count
    pending: Count
    overdue: Count
    by_state: ByCode


class InspectionFigures(Resource):
    """Inspections that everybody may know of and whose municipality is known; `this_year` begun in the legal year.

    An inspection may carry several flags, and counts under each in `by_flag`.
    """

    total: Count
    this_year: Count
    by_kind: ByCode
    by_state: ByCode
    without_outcome: Count
    by_outcome: ByCode
    by_flag: ByCode
    unannounced: Count | None = Field(description="planned or ordered, in no other figure; null: not covered")


class Covered(Resource):
    """Whether the caller sees all that a restricted figure counts; where it does not, the figure is null, never 0."""

    applications: bool = Field(description="the Agency alone: applicants and mayors see some")
    unannounced: bool = Field(description="the Agency alone, until an inspection starts")
    findings: bool = Field(description="the bodies whose territory covers this one")


class FindingFigures(Resource):
    """Findings by result."""

    total: Count
    by_result: ByCode


class PrescriptionFigures(Resource):
    """Prescriptions; `open` until verified or annulled, `overdue` when the provider's term has passed."""

    total: Count
    open: Count
    overdue: Count
    by_state: ByCode


class TerritorySummary(Resource):
    """Everything about one territory, over the rows the caller may see. Codes with no row are left out of `by_…`."""

    territory: TerritoryFigures
    as_of: date = Field(description="the legal day, Europe/Sofia")
    providers: ProviderFigures
    sites: Count = Field(description="registered addresses at which services are or were provided")
    services: ServiceFigures
    licences: LicenceFigures
    covered: Covered
    applications: ApplicationFigures | None = Field(description="Restricted: null where not covered.")
    inspections: InspectionFigures
    findings: FindingFigures | None = Field(description="Restricted: null where not covered.")
    unplaced: Unplaced | None = Field(description="in no other figure; nation only")
    prescriptions: PrescriptionFigures
    fresh_at: FreshAt


class ChildSummary(Resource):
    """Headline figures of one territory; they mean what they mean in its summary."""

    code: str
    level: Level
    name_bg: str
    name_en: str
    parent: str | None
    population: Count
    services: Count
    places: Count
    capacity_unknown: Count
    services_state_delegated: Count
    services_private: Count
    services_mixed: Count
    places_state_delegated: Count
    places_private: Count
    places_mixed: Count
    state_delegated_share_of_services: Share | None
    private_share_of_services: Share | None
    state_delegated_share_of_places: Share | None
    private_share_of_places: Share | None
    licences_in_force: Count
    licences_expiring: Count
    inspections: Count
    inspections_this_year: Count
    inspections_flagged: Count
    prescriptions_open: Count
    prescriptions_overdue: Count


class ChildrenSummary(Resource):
    """All territories of one level inside another, on one page."""

    territory: str
    level: Level | None = Field(description="level of the items; null: nothing lies inside a municipality")
    as_of: date
    items: list[ChildSummary]
    next: None
    fresh_at: FreshAt
