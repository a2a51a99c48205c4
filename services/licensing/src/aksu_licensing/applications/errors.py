"""What licensing refuses about applications, one class per rule."""

from aksu_shared.kernel.errors import RuleBroken

_LICENSING = "чл. 146–160 ЗСУ"
_RECEIPT = "чл. 150, ал. 1 ЗСУ"


class LicenceNotRequired(RuleBroken):
    """A municipality and the state provide social services without a licence."""

    code = "licence_not_required"
    bg = "Доставчикът {provider} не подлежи на лицензиране, затова за услугата не се подава заявление."
    en = "Provider {provider} needs no licence, so there is nothing to apply for."
    legal_basis = "чл. 146 ЗСУ"


class ApplicationOpen(RuleBroken):
    """The provider already has an application for this service that is not decided."""

    code = "application_open"
    bg = "За услугата вече има нерешено заявление ({application_id})."
    en = "There is already an undecided application for the service ({application_id})."
    legal_basis = _LICENSING


class ApplicationDecided(RuleBroken):
    """Documents and checks serve the decision; after it nothing is attached."""

    code = "application_decided"
    bg = "По заявлението вече е решено ({state}); към него не се прилага нищо."
    en = "The application was decided ({state}); nothing is attached to it any more."
    legal_basis = _LICENSING


class ReceiptUnexplained(RuleBroken):
    """The term of decision runs from receipt: another day than that of filing says why."""

    code = "receipt_unexplained"
    bg = "Заявлението е подадено на {filed_on}; за друг ден на получаване (received_on) се посочва причина (reason)."
    en = "The application was filed on {filed_on}; for another day of receipt (received_on) say why (reason)."
    legal_basis = _RECEIPT


class ReceiptTooEarly(RuleBroken):
    """An application is not received long before it was filed."""

    code = "receipt_too_early"
    bg = "Денят на получаване (received_on) не може да е преди {earliest}: заявлението е подадено на {filed_on}."
    en = "The day of receipt (received_on) cannot be before {earliest}: the application was filed on {filed_on}."
    legal_basis = _RECEIPT


class ReceiptUnconfirmed(RuleBroken):
    """Nobody examines an application whose day of receipt one person alone has stated."""

    code = "receipt_unconfirmed"
    bg = "Денят на получаване {received_on} (received_on) не е потвърден от второ лице; преди това не се разглежда."
    en = "The day of receipt {received_on} (received_on) needs a second person's yes before the examination."
    legal_basis = _RECEIPT


class CorrectionTermTooShort(RuleBroken):
    """The term for correcting an application must end after today."""

    code = "correction_term_too_short"
    bg = "Срокът за отстраняване на непълноти трябва да изтича след днес ({today})."
    en = "The term of correction must end after today ({today})."
    legal_basis = _LICENSING


class CorrectionTermRuns(RuleBroken):
    """An application is discontinued only when it was not corrected in term."""

    code = "correction_term_runs"
    bg = "Срокът за отстраняване на непълноти тече до {term_due}; производството се прекратява след него."
    en = "The term of correction runs until {term_due}; the procedure may be discontinued after it."
    legal_basis = _LICENSING


class NotRefused(RuleBroken):
    """Only a refusal is appealed by the applicant."""

    code = "not_refused"
    bg = "Обжалва се отказ, а заявлението е уважено."
    en = "A refusal is appealed; this application was granted."
    legal_basis = "чл. 151, ал. 2 ЗСУ"


class AppealTermPassed(RuleBroken):
    """An appeal is admissible within its term from the communication."""

    code = "appeal_term_passed"
    bg = "Срокът за обжалване изтече на {term_due}."
    en = "The term of appeal ended on {term_due}."
    legal_basis = "чл. 149, ал. 1 АПК"
