"""What monitoring refuses, one class per rule."""

from aksu_shared.errors import Malformed, NotAuthenticated, Problem, RuleBroken


class ItemsRefused(Malformed):
    """A pushed batch holds bad items; `items` has a result for each, and nothing is stored."""

    code = "items_refused"
    bg = "Отказани са {refused} от {total} събития. Нищо не е записано."
    en = "{refused} of {total} events are refused. Nothing is stored."


class TooManyItems(Malformed):
    """More events in one request than a batch may hold."""

    code = "too_many_items"
    bg = "Събитията в една заявка са най-много {limit}."
    en = "A request holds at most {limit} events."


class NotQuarantined(RuleBroken):
    """Only what lies in quarantine is repaired or replayed."""

    code = "event_not_quarantined"
    bg = "Събитието не е под карантина (състояние {state})."
    en = "The event is not in quarantine (state {state})."


class TermNotExtended(RuleBroken):
    """An extension names a later day than the one that stands."""

    code = "term_not_extended"
    bg = "Новият срок трябва да е след сегашния ({due_on})."
    en = "The new term must end after the present one ({due_on})."
    legal_basis = "Наредба за качеството на социалните услуги (ДВ, бр. 54 от 2022 г.)"


class TermStillRuns(RuleBroken):
    """Non-fulfilment is recorded when the term has passed, or when fulfilment was reported and not found."""

    code = "term_still_runs"
    bg = "Срокът тече до {due_on}; неизпълнение се установява след него."
    en = "The term runs until {due_on}; non-fulfilment is recorded after it."
    legal_basis = "Наредба за качеството на социалните услуги (ДВ, бр. 54 от 2022 г.)"


class InspectionUnknown(RuleBroken):
    """A signal is closed, or an inspection followed up, by an inspection that is known here."""

    code = "inspection_unknown"
    bg = "Няма такава проверка."
    en = "There is no such inspection."


class InspectionPushed(RuleBroken):
    """An inspection of another system is conducted there; its facts are pushed."""

    code = "inspection_pushed"
    bg = "Проверката се води в друга система ({source}) и се изменя само с нейни събития."
    en = "The inspection is conducted in another system ({source}); only its events change it."


class TookPart(RuleBroken):
    """Four eyes: who inspected does not approve the report."""

    code = "took_part"
    bg = "Докладът се одобрява от служител, който не е участвал в проверката."
    en = "The report is approved by somebody who did not take part in the inspection."
    legal_basis = "Наредба за качеството на социалните услуги (ДВ, бр. 54 от 2022 г.)"


class TermTooShort(RuleBroken):
    """A term that is set must end after today."""

    code = "term_too_short"
    bg = "Срокът трябва да изтича след днес ({today})."
    en = "The term must end after today ({today})."
    legal_basis = "Наредба за качеството на социалните услуги (ДВ, бр. 54 от 2022 г.)"


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


class SourceUnknown(Problem):
    """The system was never added as a source of pushed events."""

    status = 403
    code = "source_unknown"
    bg = "Тази система не е добавена като източник на събития."
    en = "This system was not added as a source of events."


class SourceDisabled(Problem):
    """The system was a source of pushed events."""

    status = 403
    code = "source_disabled"
    bg = "Приемането на събития от тази система е спряно."
    en = "Events of this system are no longer taken."


class SignatureRefused(NotAuthenticated):
    """The message is not signed by its source, or not now, or not in whole; `fault` says which."""

    code = "signature_refused"
    bg = "Подписът на съобщението не се приема ({fault})."
    en = "The signature of the message is not accepted ({fault})."


class NotParked(RuleBroken):
    """Only what was refused and waits is repaired, replayed or discarded."""

    code = "record_not_parked"
    bg = "Записът не чака поправка (състояние {state})."
    en = "The record does not wait for repair (state {state})."


class NotVouchedFor(RuleBroken):
    """A record whose signature did not hold is replayed only after a person repaired it, and so vouches for it."""

    code = "record_not_vouched_for"
    bg = "Източникът на записа не е сигурен; поправете го, преди да го пуснете отново."
    en = "The record's source is not certain; repair it before it is replayed."


class StillRefused(RuleBroken):
    """Replayed, it is refused again; `errors` say why."""

    code = "record_still_refused"
    bg = "Записът пак е отказан."
    en = "The record is refused again."
