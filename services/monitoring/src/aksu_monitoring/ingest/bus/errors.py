"""What the repair of refused records refuses."""

from aksu_shared.kernel.errors import RuleBroken


class NotParked(RuleBroken):
    """Only what was refused and waits is repaired, replayed or discarded."""

    code = "record_not_parked"
    bg = "Записът не чака поправка (състояние {state})."
    en = "The record does not wait for repair (state {state})."


class NotVouchedFor(RuleBroken):
    """A record whose signature did not hold is replayed only after a person repaired it, and so vouches for it."""

    code = "record_not_vouched_for"
    bg = "Източникът на записа не е сигурен; поправете го, преди да го пуснете отново."
    en = "The record's source is not certain; repair it before it is replayed."


class StillRefused(RuleBroken):
    """Replayed, it is refused again; `errors` say why."""

    code = "record_still_refused"
    bg = "Записът пак е отказан."
    en = "The record is refused again."
