"""Why a file as a whole is not the public register."""

from aksu_shared.workbook.layout import HeaderMismatch, SeveralSheets, SheetEmpty


class LayoutMismatch(HeaderMismatch):
    """The header row is not the register's: names what is missing, misplaced and superfluous."""

    code = "register_layout"
    bg = "Заглавният ред не е този на регистъра. Липсват: {missing}. Разместени: {misplaced}. Излишни: {superfluous}."
    en = "The header row is not the register's. Missing: {missing}. Misplaced: {misplaced}. Superfluous: {superfluous}."
    column_code = "register_column"


class RegisterEmpty(SheetEmpty):
    """There is no header row, or no row below it."""

    code = "register_empty"
    bg = "Във файла няма редове на регистъра."
    en = "The file holds no rows of the register."


class SeveralRegisterSheets(SeveralSheets):
    """More than one visible sheet holds data; the register is one sheet."""

    code = "register_several_sheets"
    bg = "Регистърът е един лист, а във файла има данни и в: {sheets}. Оставете само един лист."
    en = "The register is one sheet, but the file also holds data in: {sheets}. Keep one sheet only."
