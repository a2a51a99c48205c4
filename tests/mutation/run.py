"""Mutation tests of scope, tokens and inbox; figures as one JSON object on the last line.

A folder of its own (`build/mutants`) holds a copy of `aksu_shared` and of the tests named here: mutmut wants the code
in `src` beside it, and would find the installed package otherwise. First mutmut changes what functions do, then the
mutants of `planted.toml` change what it leaves alone. Arguments are names of mutants to try again in the same folder
(`'aksu_shared.events.scope*'`), or `planted`.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from planted import Figures, plant

from aksu_local.postgres import Postgres

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
FOLDER: Final = ROOT / "build/mutants"
BAR: Final = 0.9
TESTS: Final = (
    "events/test_scope.py",
    *(f"auth/test_{name}.py" for name in ("dependencies", "issuer", "jwks", "permissions", "principal", "tokens")),
    *(f"db/test_{name}.py" for name in ("access", "fitness", "scoped", "statement", "visible", "work")),
    "worker/conftest.py",
    *(
        f"worker/test_{name}.py"
        for name in ("consumer", "dead_letters", "failure", "inbox", "patience", "repair", "routing", "settling")
    ),
)
"""Under shared/tests: those that are quick and about these modules."""


def build(folder: Path) -> None:
    """Lay out the code, the tests and the configuration they run under, in place of what was there."""
    shutil.rmtree(folder, ignore_errors=True)
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "shared/src/aksu_shared", folder / "src/aksu_shared", ignore=unwanted)
    shutil.copytree(HERE / "workspace", folder, ignore=unwanted, dirs_exist_ok=True)
    for test in TESTS:
        copy = folder / "tests" / test
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / "shared/tests" / test, copy)


def mutmut(*arguments: str, env: Mapping[str, str]) -> None:
    """Run mutmut in the folder; where nobody watches its progress goes to a file. Raises CalledProcessError."""
    command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
    with (FOLDER / "mutmut.log").open("a") as log:
        subprocess.run(command, cwd=FOLDER, env=env, check=True, stdout=None if sys.stdout.isatty() else log)


def mutmut_figures(env: Mapping[str, str]) -> dict[str, Any]:
    """What the last runs in the folder found; mutants without a test count as survivors."""
    mutmut("export-cicd-stats", env=env)
    found = json.loads((FOLDER / "mutants/mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    mutants = found["total"] - found["skipped"]
    dead = found["killed"] + found["timeout"]
    return {
        "modules": len(list((FOLDER / "mutants/src").rglob("*.meta"))),
        "mutants": mutants,
        "killed": found["killed"],
        "timeouts": found["timeout"],
        "survived": mutants - dead,
        "score": round(dead / mutants, 3),
    }


def main(arguments: Sequence[str]) -> int:
    """Build, run, print; the exit code says whether the bar was reached."""
    began = time.monotonic()
    planted = Figures()
    with tempfile.TemporaryDirectory(prefix="aksu-mutants-") as folder, asyncio.Runner() as loop:
        server = Postgres(Path(folder), durable=False)
        loop.run(server.start())
        env = {**os.environ, "AKSU_MUTANTS_POSTGRES": folder}
        try:
            if not arguments:
                build(FOLDER)
            if list(arguments) != ["planted"]:
                mutmut("run", "--max-children=1", *arguments, env=env)
            if not arguments or "planted" in arguments:
                build(FOLDER / "planted")
                planted = plant(FOLDER / "planted", HERE / "planted.toml", env=env)
        finally:
            loop.run(server.stop())
    changed = {} if list(arguments) == ["planted"] else mutmut_figures(env)
    figures = changed | planted.summary() | {"seconds": round(time.monotonic() - began)}
    sys.stdout.write(json.dumps(figures) + "\n")
    return int(changed.get("score", BAR) < BAR or planted.survived > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
