"""What is refused of providers, one class per rule."""

from aksu_shared.kernel.errors import RuleBroken


class ProviderExists(RuleBroken):
    """Another provider has this ЕИК or is this municipality."""

    code = "provider_exists"
    bg = "Доставчикът {body} вече е вписан."
    en = "Provider {body} is already registered."


class LegalFormImpossible(RuleBroken):
    """A municipality is a municipality, and nobody with an ЕИК of its own is one."""

    code = "legal_form_impossible"
    bg = "Доставчик {body} не може да е с правна форма {legal_form} (legal_form)."
    en = "Provider {body} cannot be of legal form {legal_form} (`legal_form`)."
    legal_basis = "чл. 29, чл. 30 ЗСУ"


class UnknownProvider(RuleBroken):
    """A service names a provider nobody registered."""

    code = "unknown_provider"
    bg = "Няма вписан доставчик {body}. Впишете го първо с POST /v1/providers."
    en = "There is no registered provider {body}. Register it first with POST /v1/providers."
