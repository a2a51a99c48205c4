"""What prescriptions refuse."""

from aksu_shared.kernel.errors import RuleBroken


class TermNotExtended(RuleBroken):
    """An extension names a later day than the one that stands."""

    code = "term_not_extended"
    bg = "Новият срок трябва да е след сегашния ({due_on})."
    en = "The new term must end after the present one ({due_on})."
    legal_basis = "Наредба за качеството на социалните услуги (ДВ, бр. 54 от 2022 г.)"


class TermStillRuns(RuleBroken):
    """Non-fulfilment is recorded when the term has passed, or when fulfilment was reported and not found."""

    code = "term_still_runs"
    bg = "Срокът тече до {due_on}; неизпълнение се установява след него."
    en = "The term runs until {due_on}; non-fulfilment is recorded after it."
    legal_basis = "Наредба за качеството на социалните услуги (ДВ, бр. 54 от 2022 г.)"
