"""How a security test records what it counted: `figures.record("cells", 4_212)`.

`make security` runs every file of this folder, `long_*.py` included, and ends with the figures as one JSON object.
`make test` runs `test_*.py` alone: what takes more than a minute is named `long_*.py`.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from security_figures import FILE_VARIABLE, Figures


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    """The session's figures, written at its end to the file `AKSU_SECURITY_FIGURES` names, if it does."""
    found = Figures()
    yield found
    path = os.environ.get(FILE_VARIABLE)
    if path:
        Path(path).write_text(json.dumps(found.recorded), encoding="ascii")
