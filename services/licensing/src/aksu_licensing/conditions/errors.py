"""What is refused for the conditions of a licence, one class per rule."""

from aksu_shared.kernel.errors import RuleBroken

_CONDITIONS = "чл. 148, ал. 1–4 ЗСУ"


class ConditionsNotMet(RuleBroken):
    """A licence needs all conditions; one that is not met, or of which nobody knows, is overridden with a reason."""

    code = "conditions_not_met"
    bg = "Не е установено, че са изпълнени: {listed}. Оценете ги или посочете в overrides причина за всяко."
    en = "Not known to be met: {listed}. Assess them, or give a reason for each in `overrides`."
    legal_basis = _CONDITIONS


class OverrideNeedless(RuleBroken):
    """Only what is not met is overridden."""

    code = "override_needless"
    bg = "Посочените в overrides условия са изпълнени или не се изискват: {listed}."
    en = "The conditions given in `overrides` are met, or not required: {listed}."
    legal_basis = _CONDITIONS


class ConditionNotRequired(RuleBroken):
    """The procedure does not ask for this condition."""

    code = "condition_not_required"
    bg = "За това производство не се изискват: {listed} (condition)."
    en = "This procedure does not require: {listed} (`condition`)."
    legal_basis = _CONDITIONS


class ConditionEstablished(RuleBroken):
    """What a register or a check says is overridden by two people, not assessed away by one."""

    code = "condition_established"
    bg = "{condition} (condition) не е изпълнено според друг запис; това се преодолява с overrides, не с оценка."
    en = "By another record {condition} (`condition`) is not met; that is overridden by a proposal, not assessed away."
    legal_basis = _CONDITIONS
