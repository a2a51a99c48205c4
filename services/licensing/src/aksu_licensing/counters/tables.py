"""Counters of numbers that must not have gaps: taken under the row's lock, given back when the transaction fails."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from aksu_licensing.base import LicensingBase


class CounterTable(LicensingBase):
    """The last number given under `name`: `licence` or `incoming`. Holds no data of the domain, so has no scope."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
