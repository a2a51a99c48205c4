"""What the platform takes from inside libraries, behind an upper bound of their versions (docs/adr/0015).

Nothing else uses a private name of a library, or a structure that a library does not document. Who raises a bound in
`shared/pyproject.toml` reads the library's source again, then changes `EXAMINED`; `shared/tests/pinned` fails until
both are done.
"""

from collections.abc import Mapping
from typing import Final

EXAMINED: Final[Mapping[str, str]] = {"aiokafka": "0.14.0", "fastapi": "0.165.0"}
"""The version of each library whose source was read for what is used here."""
