"""What the staging area refuses."""

from aksu_shared.kernel.errors import RuleBroken


class NotQuarantined(RuleBroken):
    """Only what lies in quarantine is repaired or replayed."""

    code = "event_not_quarantined"
    bg = "Събитието не е под карантина (състояние {state})."
    en = "The event is not in quarantine (state {state})."
