"""How a migration runs SQL from a file. Frozen like that SQL: what migrations need otherwise becomes `v2`.

Nothing of the platform is imported here or in a migration, since it would change under migrations that have landed.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from alembic import op

FOLDER: Final = Path(__file__).parent
_STATEMENT: Final = re.compile(r"(?>--[^\n]*|'[^']*'|\$\$.*?\$\$|[^;])++;", re.DOTALL)
_NAME: Final = re.compile(r"\{(\w+)\}")


def statements(script: str, **names: str) -> Iterator[str]:
    """Statements of `<script>.sql`, one by one: a prepared statement holds no more. `names` fill in its `{service}`.

    `script` is the name of a file in this folder, or the `__file__` of a migration, whose SQL stands beside it.
    Raises KeyError when a name is missing.
    """
    text = (FOLDER / script).with_suffix(".sql").read_text(encoding="utf-8")
    filled_in = _NAME.sub(lambda name: names[name[1]], text)
    yield from (statement.strip() for statement in _STATEMENT.findall(filled_in))


def execute(script: str, **names: str) -> None:
    """Execute these statements in the running migration."""
    for statement in statements(script, **names):
        op.execute(statement.replace(":", r"\:"))  # a colon is SQL's, it names no parameter
