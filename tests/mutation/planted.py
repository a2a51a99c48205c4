"""Mutants by hand: one text in one file becomes another, and the tests named must fail."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

LONGEST: Final = 300.0
"""Seconds for the tests of one mutant."""
_instants: Final = count(1_000_000_000)


@dataclass(slots=True)
class Figures:
    """How many mutants were planted, and how many of them no test noticed; equivalent ones are not counted."""

    planted: int = 0
    survived: int = 0

    def summary(self) -> dict[str, int]:
        """Under the names of the figures."""
        return {"planted": self.planted, "planted_killed": self.planted - self.survived}


def plant(folder: Path, catalogue: Path, *, env: Mapping[str, str]) -> Figures:
    """Try every mutant of the catalogue in `folder`, and name those that survive.

    Raises ValueError for one that does not fit the code, or is called equivalent and is not.
    """
    mutants = tomllib.loads(catalogue.read_text(encoding="utf-8"))["mutant"]
    named = sorted({test for mutant in mutants for test in mutant["tests"]})
    if _fail(folder, named, env=env):
        raise ValueError("the tests fail without any mutant")
    figures = Figures()
    for mutant in mutants:
        killed = _killed(folder, mutant, env=env)
        if "equivalent" in mutant:
            if killed:
                raise ValueError(f"not equivalent: {mutant}")
            continue
        figures.planted += 1
        if not killed:
            figures.survived += 1
            sys.stdout.write(f"survived: {mutant['file']}: {mutant['find']!r} -> {mutant['replace']!r}\n")
            sys.stdout.flush()
    return figures


def _killed(folder: Path, mutant: Mapping[str, Any], *, env: Mapping[str, str]) -> bool:
    file = folder / "src/aksu_shared" / mutant["file"]
    original = file.read_text(encoding="utf-8")
    if original.count(mutant["find"]) != 1:
        raise ValueError(f"stands {original.count(mutant['find'])} times in {mutant['file']}: {mutant['find']!r}")
    _write(file, original.replace(mutant["find"], mutant["replace"]))
    try:
        return _fail(folder, mutant["tests"], env=env)
    finally:
        _write(file, original)


def _write(file: Path, text: str) -> None:
    """Each text with a time of its own: Python knows compiled files by the second."""
    file.write_text(text, encoding="utf-8")
    instant = next(_instants)
    os.utime(file, (instant, instant))


def _fail(folder: Path, tests: Sequence[str], *, env: Mapping[str, str]) -> bool:
    """Whether a test failed. Raises ValueError when they could not run."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--rootdir=.", *(f"tests/{test}" for test in tests)]
    paths = {"PYTHONPATH": os.pathsep.join((str(folder / "src"), str(folder)))}
    try:
        run = subprocess.run(
            command, cwd=folder, env={**env, **paths}, capture_output=True, text=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    if run.returncode not in {0, 1}:
        raise ValueError(f"pytest could not run:\n{run.stdout}{run.stderr}")
    return run.returncode == 1
