"""What licensing refuses of imported register rows, one class per rule."""

from aksu_shared.kernel.errors import RuleBroken

_LICENSING = "чл. 146–160 ЗСУ"


class ImportRefused(RuleBroken):
    """A row of the imported register that licensing cannot take over; it lies in the dead letters with this code."""

    code = "import_refused"
    bg = "Ред {number} от регистъра не може да се приеме: {why}."
    en = "Register row {number} cannot be taken over: {why}."
    legal_basis = _LICENSING


class ImportedRowInvalid(ImportRefused):
    """A licence follows none of the row, or its validity ends before it begins: the registry tells of no such row."""

    code = "imported_row_invalid"


class ImportedLicenceOverlaps(ImportRefused):
    """Another live licence of the same provider, service and place has effect on the same days."""

    code = "imported_licence_overlaps"


class ImportedNumberTaken(ImportRefused):
    """Its licence number stands in another row."""

    code = "imported_number_taken"


class ImportedLicenceVanished(ImportRefused):
    """A licence the row stated before is missing now, though no order ended it."""

    code = "imported_licence_vanished"


class ImportedLicenceDiffers(ImportRefused):
    """A licence issued here is stated with another service or other days."""

    code = "imported_licence_differs"
