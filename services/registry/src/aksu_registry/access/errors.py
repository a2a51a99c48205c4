"""What is refused about revoking access."""

from aksu_shared.kernel.errors import RuleBroken


class OperatorsAlone(RuleBroken):
    """Two operators together revoke nobody's access: a pseudonym does not say whether it is the director's."""

    code = "operators_alone"
    bg = "Поне един от двамата е изпълнителният директор или длъжностното лице по защита на данните (право „{right}“)."
    en = "At least one of the two must be the executive director or the data protection officer (right '{right}')."


class OwnAccess(RuleBroken):
    """Nobody decides about his own access."""

    code = "own_access"
    bg = "Никой не потвърждава отнемането на собствения си достъп."
    en = "Nobody confirms the revocation of his own access."
