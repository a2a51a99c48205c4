"""The Agency's public register as a sheet: its 15 columns, in their order."""

from typing import Final

from aksu_registry.register_import.errors import LayoutMismatch, RegisterEmpty, SeveralRegisterSheets
from aksu_shared.workbook import Layout, lettered

COLUMNS: Final = lettered(
    ("number", "№"),
    ("provider", "Доставчик"),
    ("eik", "ЕИК"),
    ("municipality", "Община"),
    ("settlement", "Населено място"),
    ("seat", "Седалище и адрес на управление"),
    ("service", "Социална услуга"),
    ("target_groups", "Целева група"),
    ("original", "Лиценз - номер и дата на издаване"),
    ("original_until", "Лиценз - дата на валидност"),
    ("changed", "Лиценз с промяна - номер и дата"),
    ("changed_until", "Лиценз с промяна - дата валидност"),
    ("renewed", "Подновен лиценз № и дата"),
    ("renewed_until", "Подновен лиценз - дата валидност"),
    ("violations", "Установени нарушения"),
)
"""The columns of the published register, in order. Exactly these are imported."""

REGISTER: Final = Layout(
    columns=COLUMNS,
    # A provider's cells merged over its services mean the same as the register's empty cells below it.
    filled=frozenset({"provider", "eik", "municipality", "settlement", "seat"}),
    leading=frozenset({"number"}),
    mismatch=LayoutMismatch,
    empty=RegisterEmpty,
    several=SeveralRegisterSheets,
)
