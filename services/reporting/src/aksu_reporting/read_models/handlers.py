"""What reporting listens to: every change of the three other services."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from aksu_reporting.domain.states import SOURCES
from aksu_reporting.services.read_models import READ_MODELS, keep, note
from aksu_shared.db.access import keep_revocations
from aksu_shared.events import Event
from aksu_shared.events.catalogue import CATALOGUE
from aksu_shared.events.registry import AccessEvent
from aksu_shared.worker.copies import Copies, Copy
from aksu_shared.worker.routing import Handler

_KEPT = {fact.topic for fact in READ_MODELS} | {AccessEvent.topic}

HANDLERS: Mapping[type[Event[Any]], Handler] = MappingProxyType(
    {
        **dict.fromkeys(READ_MODELS, keep),
        AccessEvent: keep_revocations,
        **{fact: note for fact in CATALOGUE.values() if fact.owner in SOURCES and fact.topic not in _KEPT},
    }
)
"""Event class → handler. A change that no report needs is noted all the same, so that a reader may wait for any change
of a source with `Aksu-After`."""

COPIES: Copies = MappingProxyType({fact: Copy(table) for fact, table in READ_MODELS.items()})
"""Event class of an aggregate → the read model that a rebuild makes anew."""
