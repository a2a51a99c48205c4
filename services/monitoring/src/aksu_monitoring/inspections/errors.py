"""What inspections refuse."""

from aksu_shared.kernel.errors import RuleBroken


class InspectionPushed(RuleBroken):
    """An inspection of another system is conducted there; its facts are pushed."""

    code = "inspection_pushed"
    bg = "Проверката се води в друга система ({source}) и се изменя само с нейни събития."
    en = "The inspection is conducted in another system ({source}); only its events change it."


class NotOfTeam(RuleBroken):
    """Who inspects is named by the executive director's order."""

    code = "not_of_team"
    bg = "Проверката се извършва от служителите, определени със заповедта на изпълнителния директор."
    en = "An inspection is made by the officers whom the executive director's order names."
    legal_basis = "чл. 38 от Наредбата за качеството на социалните услуги"


class TookPart(RuleBroken):
    """Four eyes: who inspected does not approve the report."""

    code = "took_part"
    bg = "Докладът се одобрява от служител, който не е участвал в проверката."
    en = "The report is approved by somebody who did not take part in the inspection."
    legal_basis = "Наредба за качеството на социалните услуги (ДВ, бр. 54 от 2022 г.)"


class ObjectionsAwaited(RuleBroken):
    """The report is approved when the inspected objected, or the term to do so has passed."""

    code = "objections_awaited"
    bg = "Срокът за възражения тече до {objections_due}; докладът се одобрява след него или след възраженията."
    en = "Objections may be made until {objections_due}; the report is approved after that day, or after them."
    legal_basis = "чл. 40, ал. 2 и чл. 41 от Наредбата за качеството на социалните услуги"


class CriteriaFailed(RuleBroken):
    """An inspection that found criteria not met is not closed as one without findings."""

    code = "criteria_failed"
    bg = "Неизпълнени или частично изпълнени критерии: {failed}; проверката се приключва с предписания."
    en = "Criteria not met or partly met: {failed}; the inspection is closed with prescriptions."
    legal_basis = "Наредба за качеството на социалните услуги (ДВ, бр. 54 от 2022 г.)"


class PrescriptionsOpen(RuleBroken):
    """An inspection is closed for good when nothing is left of its prescriptions."""

    code = "prescriptions_open"
    bg = "Предписанията, които не са потвърдени като изпълнени или отменени, са {open}."
    en = "Prescriptions neither verified as fulfilled nor annulled: {open}."
    legal_basis = "Наредба за качеството на социалните услуги (ДВ, бр. 54 от 2022 г.)"


class InspectionUnknown(RuleBroken):
    """A signal is closed, or an inspection followed up, by an inspection that is known here."""

    code = "inspection_unknown"
    bg = "Няма такава проверка."
    en = "There is no such inspection."
