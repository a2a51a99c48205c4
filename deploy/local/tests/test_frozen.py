"""Migrations that have landed stay as they are, and would do the same whatever the code has become."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aksu_local import frozen
from aksu_local.databases import SERVICES

FROZEN = re.compile(r"aksu_shared\.migrations\.v\d+")
MAY_IMPORT = sys.stdlib_module_names | {"alembic", "sqlalchemy"}
MIGRATIONS = [file for folder in frozen.folders(*SERVICES) for file in folder.glob("*.py")]


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            yield node.module or ""


def test_nothing_that_has_landed_was_edited_and_nothing_lands_unlisted() -> None:
    assert [line for folder in frozen.folders(*SERVICES) for line in frozen.deviations(folder)] == []


@pytest.mark.parametrize("file", MIGRATIONS, ids=lambda file: file.name)
def test_a_migration_imports_nothing_that_may_change_under_it(file: Path) -> None:
    live = [name for name in imported(file) if not FROZEN.fullmatch(name) and name.partition(".")[0] not in MAY_IMPORT]
    assert live == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "first.py").write_text("1")
    (tmp_path / "first.sql").write_text("SELECT 1;")
    frozen.freeze(tmp_path, edited=False)
    return tmp_path


def test_a_new_file_is_asked_for_and_then_listed(folder: Path) -> None:
    (folder / "second.py").write_text("2")
    assert [line.removeprefix(str(folder)) for line in frozen.deviations(folder)] == [
        "/second.py is not listed: `make freeze` when it is as it shall land"
    ]
    frozen.freeze(folder, edited=False)
    assert [*frozen.deviations(folder)] == []


def test_an_edited_or_deleted_file_is_named_until_somebody_means_it(folder: Path) -> None:
    (folder / "first.sql").write_text("SELECT 2;")
    (folder / "first.py").unlink()
    frozen.freeze(folder, edited=False)
    assert ["gone" in line for line in frozen.deviations(folder)] == [True, False]
    frozen.freeze(folder, edited=True)
    assert [*frozen.deviations(folder)] == []
