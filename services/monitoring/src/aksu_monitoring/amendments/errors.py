"""What confirming a provider refuses."""

from aksu_shared.kernel.errors import RuleBroken


class ProviderConfirmed(RuleBroken):
    """Whom an inspection concerns was confirmed by an inspector, and stays."""

    code = "provider_confirmed"
    bg = "Доставчикът на проверената услуга вече е потвърден от инспектор: {provider_body}."
    en = "An inspector confirmed the provider of the service inspected before: {provider_body}."
    legal_basis = "чл. 59, ал. 3 ЗСУ"


class InspectionNotStarted(RuleBroken):
    """The provider is confirmed by who inspects, at the place."""

    code = "inspection_not_started"
    bg = "Доставчикът се потвърждава, след като проверката е започнала."
    en = "The provider is confirmed once the inspection has started."
    legal_basis = "чл. 39 от Наредбата за качеството на социалните услуги"
