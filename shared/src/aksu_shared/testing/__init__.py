"""What tests of every part use, and no product code does."""

from aksu_shared.testing.waiting import DeadlineMissed, eventually

__all__ = ["DeadlineMissed", "eventually"]
