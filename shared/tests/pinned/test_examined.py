"""A library of which the inside is used is not upgraded unread: first its source, then `EXAMINED` and its bound."""

import tomllib
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

from aksu_shared.pinned import EXAMINED

PROJECT: Final = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WANTED: Final = dict(
    requirement.split(">=") for requirement in chain.from_iterable(PROJECT["optional-dependencies"].values())
    if ">=" in requirement
)  # fmt: skip


@pytest.mark.parametrize("library", EXAMINED)
def test_the_version_installed_is_the_one_examined(library: str) -> None:
    assert version(library) == EXAMINED[library]


@pytest.mark.parametrize("library", EXAMINED)
def test_the_next_version_is_out_of_bounds(library: str) -> None:
    major, minor, _ = EXAMINED[library].split(".")
    assert WANTED[library].endswith(f",<{major}.{int(minor) + 1}")
