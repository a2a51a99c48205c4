"""Bodies as callers get them."""

from aksu_shared.kernel.schemas.base import Versioned


class BodyRead(Versioned):
    """A body that acts on one of the three levels, or a provider's."""

    code: str
    kind: str
    level: str
    name_bg: str
    name_en: str
    territory: str | None
    parent: str | None
