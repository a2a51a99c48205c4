"""What is refused of providers, one class per rule."""

from aksu_shared.kernel.errors import RuleBroken


class ProviderExists(RuleBroken):
    """Another provider has this ЕИК or is this municipality."""

    code = "provider_exists"
    bg = "Доставчикът {body} вече е вписан."
    en = "Provider {body} is already registered."


class UnknownProvider(RuleBroken):
    """A service names a provider nobody registered."""

    code = "unknown_provider"
    bg = "Няма вписан доставчик {body}. Впишете го първо с POST /v1/providers."
    en = "There is no registered provider {body}. Register it first with POST /v1/providers."
