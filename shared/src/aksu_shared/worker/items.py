"""A record of the bus as a consumer takes it: with the event it carries, or why it carries none."""

from typing import Any
from uuid import UUID

from aksu_shared.bus.contract import Delivered
from aksu_shared.bus.wire import Undecodable, event_of
from aksu_shared.events.base import Event
from aksu_shared.kernel.value import value
from aksu_shared.worker.failure import Fault


@value()
class Item:
    """A record, and the event it carries or why it carries none."""

    record: Delivered
    event: Event[Any] | None
    fault: Fault | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What its order is kept by: topic and key."""
        return self.record.topic, self.record.key


def read(record: Delivered) -> Item:
    """The record with its event, or with the fault that keeps it from being one."""
    try:
        return Item(record, event_of(record))
    except Undecodable as error:
        return Item(record, None, Fault(error.reason, error.detail))


def identity_of(record: Delivered) -> str | None:
    """The event's id that a record claims, even when the rest of it cannot be read."""
    try:
        return str(UUID(record.headers.get("ce_id", "")))
    except ValueError:
        return None
