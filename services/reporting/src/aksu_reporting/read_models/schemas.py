"""How fresh the copies of each source are."""

from datetime import datetime

from pydantic import Field

from aksu_shared.kernel.schemas.base import Resource


class FreshAt(Resource):
    """The instant up to which each source's changes are known here; null: nothing was heard of it yet."""

    registry: datetime | None
    licensing: datetime | None
    monitoring: datetime | None


class SourceFreshness(Resource):
    """How far reporting is with one source. All null or zero: nothing was heard of it yet."""

    source: str
    epoch: str | None = Field(description="changes when the source's database was restored from a backup")
    position: int = Field(description="position in the source's change log of the latest change applied here")
    fresh_at: datetime | None


class Freshness(Resource):
    """Reporting's sources."""

    items: list[SourceFreshness]
    next: None
