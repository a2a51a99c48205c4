"""What licensing refuses about licences, one class per rule."""

from aksu_shared.kernel.errors import RuleBroken

_LICENSING = "чл. 146–160 ЗСУ"


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
