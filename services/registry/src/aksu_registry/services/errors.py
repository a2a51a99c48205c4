"""What is refused of services, one class per rule."""

from aksu_shared.kernel.errors import RuleBroken


class ServiceExists(RuleBroken):
    """The provider already runs a service of this kind and name at this place."""

    code = "service_exists"
    bg = "Същата услуга на същия доставчик на това място вече е вписана ({service_id})."
    en = "The same service of the same provider at this place is already registered ({service_id})."


class ManagementMissing(RuleBroken):
    """A municipality's service names how it is managed."""

    code = "management_missing"
    bg = "За услуга на община се посочва начинът на управление."
    en = "A municipality's service must name its management mode."
    legal_basis = "чл. 30 ЗСУ"


class ManagementForeign(RuleBroken):
    """Only a municipality's service has a management mode."""

    code = "management_not_municipal"
    bg = "Начин на управление се посочва само за услуга на община."
    en = "Only a municipality's service has a management mode."
    legal_basis = "чл. 30 ЗСУ"


class OperatorMissing(RuleBroken):
    """An assigned service names the private provider that runs it."""

    code = "operator_missing"
    bg = "Възложена услуга има доставчик, на когото е възложена (operator)."
    en = "An assigned service names the provider it is assigned to (`operator`)."
    legal_basis = "чл. 71 ЗСУ"


class OperatorForeign(RuleBroken):
    """Only an assigned service has an operator."""

    code = "operator_not_assigned"
    bg = "Услугата не е възложена, затова не може да има operator."
    en = "The service is not assigned, so it cannot have an `operator`."
    legal_basis = "чл. 71 ЗСУ"


class NotState(RuleBroken):
    """A private provider's own service cannot be a state-delegated or municipal activity."""

    code = "financing_not_private"
    bg = "Финансиране „{financing}“ е възможно само за услуга, за която отговаря община или държавата."
    en = "Financing '{financing}' is possible only for a service a municipality or the state is responsible for."
    legal_basis = "чл. 41 ЗСУ"


class AlreadyClosed(RuleBroken):
    """A closed service does not change any more."""

    code = "service_closed"
    bg = "Услугата е закрита и вече не се променя."
    en = "The service is closed and does not change any more."
