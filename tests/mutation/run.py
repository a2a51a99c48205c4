"""Mutation tests of scope, tokens and inbox; figures as one JSON object on the last line.

A folder of its own (`build/mutants`) holds a copy of `aksu_shared` and of the tests named here: mutmut wants the code
in `src` beside it, and would find the installed package otherwise. Arguments are names of mutants to run again there.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aksu_local.postgres import Postgres

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
FOLDER: Final = ROOT / "build" / "mutants"
TESTS: Final = (
    "test_scope.py",
    "auth/test_dependencies.py",
    "auth/test_jwks.py",
    "auth/test_permissions.py",
    "auth/test_principal.py",
    "auth/test_tokens.py",
    "db/test_access.py",
    "db/test_scoped.py",
    "db/test_statement.py",
    "db/test_work.py",
    "worker/conftest.py",
    "worker/test_consumer.py",
    "worker/test_dead_letters.py",
    "worker/test_inbox.py",
    "worker/test_routing.py",
)


def build() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(ROOT / "shared/src/aksu_shared", FOLDER / "src/aksu_shared", ignore=shutil.ignore_patterns("__pycache__"))
    for test in TESTS:
        copy = FOLDER / "tests" / test
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / "shared/tests" / test, copy)
    for file in (HERE / "workspace").iterdir():
        if file.is_file():
            shutil.copy2(file, FOLDER)


async def main(arguments: Sequence[str]) -> int:
    if not arguments:
        build()
    with tempfile.TemporaryDirectory(prefix="aksu-mutants-") as folder:
        async with Postgres(Path(folder), durable=False):
            run = subprocess.run(
                [Path(sys.executable).with_name("mutmut"), "run", "--max-children=1", *arguments], cwd=FOLDER,
                env={**os.environ, "AKSU_MUTANTS_POSTGRES": folder}, check=False)
    return run.returncode

if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
