"""The Agency's public register as a file: its layout, reading, checking, and what identifies its rows."""

from aksu_shared.register.faults import CellError, RowResult
from aksu_shared.register.layout import COLUMNS, LayoutMismatch, format_day, match_header
from aksu_shared.register.licence_checks import check_licences, licence_chain, parse_number
from aksu_shared.register.reader import ReadRow, RegisterFile, read_register, read_rows
from aksu_shared.register.rows import RegisterRow, RowLicence, RowPlace, RowProvider, parse_row
from aksu_shared.register.workbook import RawRow, RegisterSheet, open_register

__all__ = [
    "COLUMNS",
    "CellError",
    "LayoutMismatch",
    "RawRow",
    "ReadRow",
    "RegisterFile",
    "RegisterRow",
    "RegisterSheet",
    "RowLicence",
    "RowPlace",
    "RowProvider",
    "RowResult",
    "check_licences",
    "format_day",
    "licence_chain",
    "match_header",
    "open_register",
    "parse_number",
    "parse_row",
    "read_register",
    "read_rows",
]
