"""The server that all runs of a mutation test share; its templates serve a process and those forked from it."""

import os
from functools import cache
from pathlib import Path
from typing import Final

from aksu_local.postgres import Postgres
from aksu_local.testing import Databases

FOLDER: Final = "AKSU_MUTANTS_POSTGRES"
"""Environment variable: the folder of the server, which runs already."""


@cache
def databases_of_this_server() -> Databases:
    """The maker of databases."""
    return Databases(Postgres(Path(os.environ[FOLDER]), durable=False))
