"""Facts of bodies: whoever acts, of any level."""

from typing import Annotated

from aksu_shared.events.base import Event, State
from aksu_shared.kernel.schemas.codes import CodeOf


class BodyState(State):
    """A body that acts: an authority of one of the three levels, or a provider."""

    code: str
    kind: Annotated[str, CodeOf("body_kinds")]
    level: Annotated[str, CodeOf("body_levels")]
    name_bg: str
    name_en: str
    territory: str | None
    parent: str | None


class BodyEvent(Event[BodyState], aggregate="registry.body"):
    """About a body."""


class BodyEstablished(BodyEvent, fact="established"):
    """A body exists."""


class BodyAmended(BodyEvent, fact="amended"):
    """A body's particulars changed."""
