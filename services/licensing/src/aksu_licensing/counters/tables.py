"""Numbers: counters without gaps, taken under the row's lock and given back when the transaction fails; orders'."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from aksu_licensing.base import LicensingBase


class CounterTable(LicensingBase):
    """The last number given under `name`: `licence` or `incoming`. Holds no data of the domain, so has no scope."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class OrderNumberTable(LicensingBase):
    """That an order of `year` has this number. Kept when its decision is annulled: the order was made."""

    __tablename__ = "order_number"

    number: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
