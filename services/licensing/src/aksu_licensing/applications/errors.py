"""What licensing refuses, one class per rule."""

from aksu_shared.errors import Problem, RuleBroken

_LICENSING = "чл. 146–160 ЗСУ"


class ServiceNotKnown(Problem):
    """Licensing has not heard of the service (yet). Not stored under the idempotency key: the same call may succeed."""

    status = 409
    code = "service_not_known"
    bg = "Услуга {service_id} още не е известна на лицензирането. Ако току-що е вписана в регистъра, опитайте пак."
    en = "Licensing does not know service {service_id} yet. If it was registered just now, try again."

    def __init__(self, *, service_id: str = "") -> None:
        super().__init__(service_id=service_id, headers={"Retry-After": "1"})


class LicenceNotRequired(RuleBroken):
    """A municipality and the state provide social services without a licence."""

    code = "licence_not_required"
    bg = "Доставчикът {provider} не подлежи на лицензиране, затова за услугата не се подава заявление."
    en = "Provider {provider} needs no licence, so there is nothing to apply for."
    legal_basis = "чл. 146 ЗСУ"


class ServiceClosed(RuleBroken):
    """A closed service gets no licence."""

    code = "service_closed"
    bg = "Услугата е закрита в регистъра."
    en = "The service is closed in the register."
    legal_basis = _LICENSING


class ServiceChanged(RuleBroken):
    """Since the application was filed, another provider runs the service or it moved to another place."""

    code = "service_changed"
    bg = "След подаването на заявлението услугата е с друг доставчик или на друго място; нужно е ново заявление."
    en = "Since the application was filed the service has another provider or place; a new application is needed."
    legal_basis = _LICENSING


class LicenceExists(RuleBroken):
    """The provider holds a licence for this service whose validity would overlap."""

    code = "licence_exists"
    bg = "За услугата има действащ лиценз {number} до {valid_until}."
    en = "There is a valid licence {number} for the service until {valid_until}."
    legal_basis = _LICENSING


class NoLicence(RuleBroken):
    """There is no licence that could be renewed, changed or terminated."""

    code = "no_licence"
    bg = "Доставчикът няма действащ лиценз за услугата."
    en = "The provider holds no licence in force for the service."
    legal_basis = _LICENSING


class RenewalTooEarly(RuleBroken):
    """Renewal is admissible in the last three months of validity."""

    code = "renewal_too_early"
    bg = "Лицензът важи до {valid_until}; подновяване може да се иска от {earliest}."
    en = "The licence is valid until {valid_until}; renewal may be applied for from {earliest}."
    legal_basis = _LICENSING


class LicenceEnded(RuleBroken):
    """The order came after the last day of the licence that it should have changed or terminated."""

    code = "licence_ended"
    bg = "Лиценз {number} е изтекъл на {valid_until}."
    en = "Licence {number} ended on {valid_until}."
    legal_basis = _LICENSING


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


class ContentErased(Problem):
    """The document was erased: its key is destroyed, and only that it existed is known."""

    status = 410
    code = "content_erased"
    bg = "Съдържанието на документа е изтрито."
    en = "The document's content was erased."
    legal_basis = "чл. 17 от Регламент (ЕС) 2016/679"


class ContentRestricted(RuleBroken):
    """While processing is restricted nobody opens the document but who answers for personal data."""

    code = "content_restricted"
    bg = "Обработването на данните в документа е ограничено."
    en = "Processing of the data in the document is restricted."
    legal_basis = "чл. 18 от Регламент (ЕС) 2016/679"


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


class ImportRefused(RuleBroken):
    """A row of the imported register that licensing cannot take over; it lies in the dead letters with this code."""

    code = "import_refused"
    bg = "Ред {number} от регистъра не може да се приеме: {why}."
    en = "Register row {number} cannot be taken over: {why}."
    legal_basis = _LICENSING


class ImportedRowInvalid(ImportRefused):
    """Its numbers, days or chain do not pass the checks that the registry's import makes as well."""

    code = "imported_row_invalid"


class ImportedLicenceOverlaps(ImportRefused):
    """Another live licence of the same provider, service and place has effect on the same days."""

    code = "imported_licence_overlaps"


class ImportedNumberTaken(ImportRefused):
    """Its licence number stands in another row."""

    code = "imported_number_taken"


class ImportedLicenceVanished(ImportRefused):
    """A licence the row stated before is missing now, though no order ended it."""

    code = "imported_licence_vanished"


class ImportedLicenceDiffers(ImportRefused):
    """A licence issued here is stated with another service or other days."""

    code = "imported_licence_differs"
