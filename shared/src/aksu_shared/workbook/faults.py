"""What can be wrong with one cell of a sheet, in words for the person who will correct it."""

from dataclasses import dataclass

from aksu_shared.kernel.errors import FieldError
from aksu_shared.workbook.layout import Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class CellError:
    """Why a row is refused: the column's key, a stable code, a sentence in each language."""

    column: str
    code: str
    bg: str
    en: str
    legal_basis: str | None = None

    def at(self, row: int, layout: Layout) -> FieldError:
        """The same for a problem document; `row` is the row's number in the sheet."""
        letter = layout.letter(self.column)
        return FieldError(
            pointer=f"/rows/{row}/{self.column}",
            code=self.code,
            bg=f"Ред {row}, колона {letter}: {self.bg}",
            en=f"Row {row}, column {letter}: {self.en}",
            legal_basis=self.legal_basis,
        )
