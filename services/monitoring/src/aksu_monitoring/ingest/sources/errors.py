"""Why nothing is taken from a system."""

from aksu_shared.kernel.errors import NotAuthenticated, Problem


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
