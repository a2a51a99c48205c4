"""The kinds of place a process may run in. A place that says nothing is production, everywhere."""

from typing import Final, Literal, TypeAlias

Environment: TypeAlias = Literal["local", "test", "production"]

DEVELOPMENT: Final = frozenset[Environment]({"local", "test"})
"""Where settings of development are allowed. What asks, asks for one of these: an unset or misspelt name is none."""
