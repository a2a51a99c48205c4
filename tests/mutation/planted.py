"""Mutants by hand: one text in one file becomes another, and the tests named must fail."""

import os
import resource
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, NoReturn

import asyncpg  # noqa: F401 - imported once for all that are forked from here, as are the following
import fastapi  # noqa: F401
import httpx  # noqa: F401
import hypothesis.strategies  # noqa: F401
import joserfc.jwt  # noqa: F401
import pytest
import pytest_asyncio  # noqa: F401
import sqlalchemy.ext.asyncio  # noqa: F401
import structlog  # noqa: F401

LONGEST: Final = 120
"""Seconds of the processor for the tests of one mutant."""
LOG: Final = "pytest.log"
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
    """Whether a test failed, or took too much of the processor. Raises ValueError when they could not run."""
    child = os.fork()
    if child == 0:
        _become_pytest(folder, [f"tests/{test}" for test in tests], env=env)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) not in {0, 1}:
        raise ValueError(f"pytest could not run {tests}: see {folder / LOG}")
    return status != 0


def _become_pytest(folder: Path, tests: Sequence[str], *, env: Mapping[str, str]) -> NoReturn:
    """Run pytest with the folder's own code; the libraries it stands on, most of its time, are imported already."""
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST + 1))
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(env)
    os.chdir(folder)
    for name in [name for name in sys.modules if name.startswith("aksu_")]:
        del sys.modules[name]
    sys.path[:0] = [str(folder / "src"), str(folder)]
    os._exit(pytest.main(["-x", "-q", "--rootdir=.", *tests]))
