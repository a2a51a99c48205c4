"""Why a document is not opened."""

from aksu_shared.kernel.errors import Problem, RuleBroken


class TooManyDocuments(RuleBroken):
    """An application holds no more than `number` documents of `megabytes` together."""

    code = "too_many_documents"
    bg = "Към едно заявление се прилагат най-много {number} документа, общо до {megabytes} MiB."
    en = "An application takes at most {number} documents of {megabytes} MiB together."


class ContentErased(Problem):
    """The document was erased: its key is destroyed, and only that it existed is known."""

    status = 410
    code = "content_erased"
    bg = "Съдържанието на документа е изтрито."
    en = "The document's content was erased."
    legal_basis = "чл. 17 от Регламент (ЕС) 2016/679"


class ContentRestricted(RuleBroken):
    """Processing is restricted and the application decided: only who answers for personal data sees the document."""

    code = "content_restricted"
    bg = "Обработването на данните в документа е ограничено."
    en = "Processing of the data in the document is restricted."
    legal_basis = "чл. 18 от Регламент (ЕС) 2016/679"
