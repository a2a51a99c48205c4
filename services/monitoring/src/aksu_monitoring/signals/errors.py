"""What signals refuse."""

from aksu_shared.kernel.errors import RuleBroken


class DangerStands(RuleBroken):
    """That a life is not in danger is never decided by one person alone."""

    code = "danger_stands"
    bg = "Сигналът е за опасност за живота. Че тя е отпаднала, решава изпълнителният директор преди отказа."
    en = (
        "The signal is about a danger to life. That there is none the executive director decides, before it is refused."
    )
    legal_basis = "чл. 52 от Наредбата за качеството на социалните услуги"


class NamesSender(RuleBroken):
    """What another body is told of a signal does not tell who sent it."""

    code = "names_sender"
    bg = "Текстът за препращане съдържа името, телефона или електронната поща на подателя; те остават в Агенцията."
    en = "The text to be forwarded holds the sender's name, telephone or e-mail; these stay with the Agency."
    legal_basis = (
        "чл. 52 от Наредбата за качеството на социалните услуги; чл. 5, пар. 1, б. „в“ от Регламент (ЕС) 2016/679"
    )
