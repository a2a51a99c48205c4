"""What reporting listens to: every change of the three other services."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from aksu_reporting.read_models.queries import SOURCES
from aksu_reporting.read_models.service import READ_MODELS, keep
from aksu_shared.db.access import keep_revocations
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Event
from aksu_shared.events.catalogue import CATALOGUE
from aksu_shared.events.registry.access import AccessEvent
from aksu_shared.worker.copies import Copies, Copy
from aksu_shared.worker.routing import Handler

_KEPT: Final = {fact.topic for fact in READ_MODELS} | {AccessEvent.topic}


async def note(_work: UnitOfWork, _events: Sequence[Event[Any]]) -> None:
    """Nothing to keep: the inbox row of each event says that it was seen."""


HANDLERS: Final[Mapping[type[Event[Any]], Handler]] = MappingProxyType(
    {
        **dict.fromkeys(READ_MODELS, keep),
        AccessEvent: keep_revocations,
        **{fact: note for fact in CATALOGUE.values() if fact.owner in SOURCES and fact.topic not in _KEPT},
    }
)
"""Event class → handler. A change that no report needs is noted all the same, so that a reader may wait for any change
of a source with `Aksu-After`."""

COPIES: Final[Copies] = MappingProxyType({fact: Copy(table) for fact, table in READ_MODELS.items()})
"""Event class of an aggregate → the read model that a rebuild makes anew."""
