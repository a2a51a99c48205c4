"""What reads any workbook: guards on the file, its sheet by a layout, typed cells, and what is wrong with a cell."""

from aksu_shared.workbook.cells import format_day
from aksu_shared.workbook.faults import CellError
from aksu_shared.workbook.layout import Column, Layout, lettered
from aksu_shared.workbook.sheet import Cell, RawRow, Sheet, open_sheet

__all__ = ["Cell", "CellError", "Column", "Layout", "RawRow", "Sheet", "format_day", "lettered", "open_sheet"]
