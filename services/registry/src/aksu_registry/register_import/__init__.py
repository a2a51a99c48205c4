"""The import of the Agency's public register as a workbook."""
