"""What prescriptions refuse."""

from aksu_shared.kernel.errors import RuleBroken


class TermTooShort(RuleBroken):
    """A term that is set must end after today."""

    code = "term_too_short"
    bg = "Срокът трябва да изтича след днес ({today})."
    en = "The term must end after today ({today})."
    legal_basis = "чл. 43, ал. 1, т. 3 от Наредбата за качеството на социалните услуги"


class OwnProposal(RuleBroken):
    """Four eyes: who proposed a prescription neither issues it nor verifies its fulfilment."""

    code = "own_proposal"
    bg = (
        "Предписанието се издава и изпълнението му се потвърждава от друг служител, а не от този, който го е предложил."
    )
    en = "A prescription is issued, and its fulfilment verified, by somebody else than who proposed it."
    legal_basis = "чл. 42 и чл. 44 от Наредбата за качеството на социалните услуги"


class AddresseeUnknown(RuleBroken):
    """A prescription is issued to somebody."""

    code = "addressee_unknown"
    bg = "Не е потвърдено кой предоставя услугата; предписание се издава на доставчика или на кмета."
    en = "It is not confirmed who provides the service; a prescription is issued to the provider or the mayor."
    legal_basis = "чл. 59, ал. 3 ЗСУ"


class TermNotExtended(RuleBroken):
    """An additional term ends after today and after the term that stands."""

    code = "term_not_extended"
    bg = "Допълнителният срок трябва да изтича след днес ({today}) и след сегашния ({due_on})."
    en = "The additional term must end after today ({today}) and after the present one ({due_on})."
    legal_basis = "чл. 59, ал. 4 ЗСУ"


class TermExtendedBefore(RuleBroken):
    """There is one additional term."""

    code = "term_extended_before"
    bg = "Допълнителен срок вече е даден на {extended_on}; втори не се дава."
    en = "An additional term was given on {extended_on}; there is no second one."
    legal_basis = "чл. 59, ал. 4 ЗСУ"


class AdditionalTermTooLong(RuleBroken):
    """An additional term has a longest length."""

    code = "additional_term_too_long"
    bg = "Допълнителният срок изтича най-късно на {latest}."
    en = "The additional term ends on {latest} at the latest."
    legal_basis = "чл. 59, ал. 4 ЗСУ"


class TermStillRuns(RuleBroken):
    """Non-fulfilment is recorded when the term has passed, or when fulfilment was reported and not found."""

    code = "term_still_runs"
    bg = "Срокът тече до {due_on}; неизпълнение се установява след него."
    en = "The term runs until {due_on}; non-fulfilment is recorded after it."
    legal_basis = "чл. 44 от Наредбата за качеството на социалните услуги"
