"""The number of a licence: `Л-<number of the administrative service>-<sequence>/<dd.mm.yyyy>`, written and read."""

import re
from dataclasses import dataclass, field
from datetime import date

_NUMBER = re.compile(r"^Л\s*-\s*(\d{4})\s*-\s*(\d{1,7})\s*/\s*(\d{2})\.(\d{2})\.(\d{4})\s*(?:г\.?)?$")
_DASHES = str.maketrans("‐‑‒–—−", "------")


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceNumber:
    """A licence's number, taken apart. `digits` is the sequence as it was written, with its leading zeros."""

    service_no: str
    sequence: int
    issued_on: date
    digits: str = field(default="", compare=False)

    def __str__(self) -> str:
        """The written form: `Л-3129-1325/07.11.2022`."""
        return f"Л-{self.service_no}-{self.digits or self.sequence}/{self.issued_on:%d.%m.%Y}"


def parse_number(text: str) -> LicenceNumber:
    """Take a number apart, tolerating spaces and a trailing „г.“. Raises `ValueError` when it cannot be read."""
    match = _NUMBER.match(text.strip().translate(_DASHES))
    if match is None:
        msg = f"no licence number: {text[:60]!r}"
        raise ValueError(msg)
    service_no, digits, day, month, year = match.groups()
    issued_on = date(int(year), int(month), int(day))
    return LicenceNumber(service_no=service_no, sequence=int(digits), issued_on=issued_on, digits=digits)
