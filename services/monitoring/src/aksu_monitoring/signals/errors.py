"""What signals refuse."""

from aksu_shared.kernel.errors import RuleBroken


class DangerStands(RuleBroken):
    """That a life is not in danger is never decided by one person alone."""

    code = "danger_stands"
    bg = "Сигналът е за опасност за живота. Че тя е отпаднала, решава изпълнителният директор преди отказа."
    en = (
        "The signal is about a danger to life. That there is none the executive director decides, before it is refused."
    )
    legal_basis = "чл. 117 ЗСУ; чл. 52 от Наредбата за качеството на социалните услуги"
