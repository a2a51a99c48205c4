"""Draws numbers without gaps, and takes the numbers of orders."""

from datetime import date
from typing import Final

from aksu_licensing.counters.errors import OrderNumberTaken
from aksu_licensing.counters.tables import CounterTable, OrderNumberTable
from aksu_shared.db.work import UnitOfWork

_NEXT: Final = f"""
INSERT INTO {CounterTable.__tablename__} AS c (name, value) VALUES ($1, 1)
ON CONFLICT (name) DO UPDATE SET value = c.value + 1 RETURNING value"""
_RAISE: Final = f"""
INSERT INTO {CounterTable.__tablename__} AS c (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value WHERE c.value < EXCLUDED.value"""

_TAKE: Final = f"""
INSERT INTO {OrderNumberTable.__tablename__} (number, year) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true"""


class CounterStore:
    """Numbers without gaps: the counter's row is locked until the transaction ends."""

    def __init__(self, work: UnitOfWork) -> None:
        self._begin = work.begin

    async def next(self, name: str) -> int:
        """The next number under `name`, from 1."""
        value: int = await (await self._begin()).fetchval(_NEXT, name)
        return value

    async def raise_to(self, name: str, value: int) -> None:
        """Go on above `value`; never back."""
        await (await self._begin()).execute(_RAISE, name, value)

    async def take_order(self, number: str, *, day: date) -> None:
        """Take the number of an order of `day`, however it is typed; who takes the same at once waits.

        Raises OrderNumberTaken.
        """
        written = "".join(number.split()).upper()
        if not await (await self._begin()).fetchval(_TAKE, written, day.year):
            raise OrderNumberTaken(order_number=number, year=day.year)
