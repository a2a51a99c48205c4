"""What confirming a pushed event refuses."""

from aksu_shared.kernel.errors import RuleBroken


class NothingToConfirm(RuleBroken):
    """What is confirmed is an event that accuses somebody and waits for a person of the Agency."""

    code = "nothing_to_confirm"
    bg = "Събитието не чака потвърждение от Агенцията; състоянието му е {state}."
    en = "The event does not wait for the Agency to confirm it; its state is {state}."
    legal_basis = "чл. 114 ЗСУ"


class RepairedIt(RuleBroken):
    """Four eyes: who corrected an event does not confirm it."""

    code = "repaired_it"
    bg = "Събитието се потвърждава от друг служител, а не от този, който го е поправил."
    en = "An event is confirmed by somebody else than who repaired it."
    legal_basis = "чл. 114 ЗСУ"
