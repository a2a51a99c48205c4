"""The state that all services share of a repair of a dead letter that somebody confirmed."""

from aksu_shared.events.base import State


class RepairState(State):
    """Whose record was given other content, by whom, and who answers for it. The event's id is the letter's number.

    `old_hash` and `new_hash` are of headers and bytes, as they came and as they are applied; the content is not told.
    """

    topic: str
    key: str
    event_id: str
    fault: str
    old_hash: str
    new_hash: str
    proposed_by: str
    confirmed_by: str
