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
    """Only a service a municipality, or a confirmed legal entity of it or of the state, answers for is paid so."""

    code = "financing_not_private"
    bg = "Финансиране „{financing}“ е възможно само за услуга, за която отговаря община или държавата."
    en = "Financing '{financing}' is possible only for a service a municipality or the state is responsible for."
    legal_basis = "чл. 41 ЗСУ"


class ElsewhereForeign(RuleBroken):
    """A municipality provides in its own territory; for another's people by agreement, in the host's register entry."""

    code = "other_municipality"
    bg = "Услуга на община {provider} не се вписва в община {municipality} (municipality)."
    en = "A service of {provider} is not entered in municipality {municipality} (`municipality`)."
    legal_basis = "чл. 33, ал. 3, чл. 55 ЗСУ"


class SettlementForeign(RuleBroken):
    """A town lies in one municipality."""

    code = "settlement_elsewhere"
    bg = "{settlement} (settlement) е в община {elsewhere}, а не в {municipality}."
    en = "{settlement} (`settlement`) lies in municipality {elsewhere}, not in {municipality}."


class StartOutOfBounds(RuleBroken):
    """A service did not start before there were such services, nor will in many years."""

    code = "start_out_of_bounds"
    bg = "Началото (started_on) {day} не е между {earliest} и {latest}."
    en = "The start (`started_on`) {day} is not between {earliest} and {latest}."
    legal_basis = "чл. 53, чл. 57 ЗСУ"


class ClosingOutOfBounds(RuleBroken):
    """A service ends after it started; an end may be known somewhat before."""

    code = "closing_out_of_bounds"
    bg = "Закриването (closed_on) {day} не е между {earliest} и {latest}."
    en = "The end (`closed_on`) {day} is not between {earliest} and {latest}."
    legal_basis = "чл. 57, ал. 2, чл. 58 ЗСУ"


class NotOperators(RuleBroken):
    """Who runs an assigned service amends its name and activities; the rest is the municipality's decision."""

    code = "not_operators"
    bg = "Доставчикът, на когото услугата е възложена, не променя {listed}: това решава общината."
    en = "The provider a service is assigned to does not amend {listed}: the municipality decides that."
    legal_basis = "чл. 25, ал. 2, т. 5–6, чл. 111 ЗСУ"


class AlreadyClosed(RuleBroken):
    """A closed service does not change any more."""

    code = "service_closed"
    bg = "Услугата е закрита и вече не се променя."
    en = "The service is closed and does not change any more."
