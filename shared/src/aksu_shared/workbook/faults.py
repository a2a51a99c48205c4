"""What can be wrong with one cell of the register, in words for the person who will correct it."""

from dataclasses import dataclass
from enum import StrEnum

from aksu_shared.errors import FieldError
from aksu_shared.register.layout import BY_KEY


class RowResult(StrEnum):
    """What an import did, or in a dry run would do, with one row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellError:
    """Why a row is refused: the column's key, a stable code, a sentence in each language."""

    column: str
    code: str
    bg: str
    en: str
    legal_basis: str | None = None

    def at(self, row: int) -> FieldError:
        """The same for a problem document; `row` is the row's number in the sheet."""
        letter = BY_KEY[self.column].letter
        return FieldError(
            pointer=f"/rows/{row}/{self.column}",
            code=self.code,
            bg=f"Ред {row}, колона {letter}: {self.bg}",
            en=f"Row {row}, column {letter}: {self.en}",
            legal_basis=self.legal_basis,
        )
