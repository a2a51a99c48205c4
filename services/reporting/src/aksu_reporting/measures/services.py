"""Social services: active, and the shares of some among all."""

from sqlalchemy import ColumnElement

from aksu_reporting.read_models.tables import ServiceTable


def active(service: type[ServiceTable]) -> ColumnElement[bool]:
    """It is provided; a closed one is in no figure but that of the closed ones."""
    return service.state == "ACTIVE"


def share_of_services(services: str, *, of: str) -> str:
    """The SQL of their share of all services, with four decimals; null where there are none."""
    return f"round({services}::numeric / nullif({of}, 0), 4)"


def share_of_places(places: str, *, of: str, services: str, capacity_unknown: str) -> str:
    """The SQL of their share of all places; null where of none of these services the capacity is known."""
    known = f"{services} = 0 OR {capacity_unknown} < {services}"
    return f"CASE WHEN {known} THEN round({places}::numeric / nullif({of}, 0), 4) END"
