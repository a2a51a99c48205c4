"""The walk of CONTRIBUTING.md through a new aggregate, followed in a copy of the tree: what it says works."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
BIN: Final = Path(sys.executable).parent
MOST_PLACES: Final = 14
"""How many files an aggregate may touch by hand."""
FEATURE: Final = "services/registry/src/aksu_registry/hotlines"
TESTS: Final = "services/registry/tests/hotlines"

BLOCK: Final = re.compile(r"([^\n]*)\n\n```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NEW: Final = re.compile(r"(?:^|\. )`([\w./]+)`:$")
EDIT: Final = re.compile(r"In `([\w./]+)`, after `(.+)`:$")
HOLDING_FOR_ALL: Final = ("deploy/local/tests/test_declarations.py", "tests/contract/test_aggregates.py")
"""Tests of what holds for every aggregate: what it declares is used, its fields are the same wherever they stand."""
PROMISES: Final = re.compile(r"^async def test_", re.MULTILINE)
IMPORTED: Final = """
import aksu_local, aksu_registry.hotlines, aksu_shared
print(*(module.__file__ for module in (aksu_local, aksu_registry.hotlines, aksu_shared)), sep="\\n")
"""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A file to write or, with `after`, lines to put behind that line of a file."""

    path: str
    text: str
    after: str | None = None


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What a reader does: edit these, then run these."""

    blocks: Sequence[Block]
    commands: Sequence[str]


def walk(document: str) -> Walk:
    """The section about an aggregate. Raises ValueError for a block that says not where it belongs."""
    section = document.partition("\n## An aggregate\n")[2].partition("\n## ")[0]
    blocks, commands = [], []
    for head, language, text in BLOCK.findall(section):
        if language == "sh":
            commands += text.splitlines()
        elif edit := EDIT.search(head):
            blocks.append(Block(path=edit[1], after=edit[2], text=text))
        elif new := NEW.search(head):
            blocks.append(Block(path=new[1], text=text))
        else:
            raise ValueError(f"where does this belong: {head!r}")
    return Walk(blocks=blocks, commands=commands)


def follow(block: Block, root: Path) -> None:
    """Do what the block says. Raises ValueError where a new file exists, or the line to put it behind is not one."""
    file = root / block.path
    if block.after is None:
        if file.exists():
            raise ValueError(f"{block.path} is there already")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, encoding="utf-8")
        return
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    found = [number for number, line in enumerate(lines, 1) if line.strip() == block.after]
    if len(found) != 1:
        raise ValueError(f"{block.path} has {len(found)} lines {block.after!r}")
    lines.insert(found[0], block.text)
    file.write_text("".join(lines), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the tree in which commands are run; what is installed runs from the copy's sources."""

    root: Path

    def run(self, *command: str | Path) -> str:
        """What the command prints; fails the test with all it said when it fails."""
        sources = (self.root / "shared/src", self.root / "deploy/local/src", *self.root.glob("services/*/src"))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        done = subprocess.run(
            command,
            cwd=self.root,
            env=inherited | {"PYTHONPATH": os.pathsep.join(map(str, sources))},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def tracked() -> Iterator[Path]:
    """The files of the project: those that git has, and new ones that it does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - the developer's git
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (Path(name) for name in listed.stdout.split("\0") if name)
    return (path for path in paths if (ROOT / path).is_file())


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """The tree; with times, so that mypy's cache of the original counts for it, and with the tools."""
    for path in tracked():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, tmp_path / path)
    if (ROOT / ".mypy_cache").exists():
        shutil.copytree(ROOT / ".mypy_cache", tmp_path / ".mypy_cache")
    (tmp_path / ".venv").symlink_to(BIN.parent)
    return Copy(tmp_path)


@pytest.mark.timeout(600)  # a minute of work; a busy machine takes its time
def test_who_follows_the_walk_has_an_aggregate_that_works(copy: Copy) -> None:
    steps = walk((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    for block in steps.blocks:
        follow(block, copy.root)
    assert copy.run(sys.executable, "-c", IMPORTED).splitlines() == [
        str(copy.root / path)
        for path in (
            "deploy/local/src/aksu_local/__init__.py",
            f"{FEATURE}/__init__.py",
            "shared/src/aksu_shared/__init__.py",
        )
    ]

    *writing, check, test = steps.commands
    for command in writing:  # the tools are there: make is not to fetch them
        copy.run("make", "-o", ".venv/ready", *command.split()[1:])
    assert (check, test) == ("make check", "make test")
    _check(copy)
    passed = copy.run(BIN / "pytest", "-v", "-p", "no:cacheprovider", TESTS, *HOLDING_FOR_ALL, "-k", "hotline or every")
    assert len(re.findall(r"hotlines/test_hotlines\.py::\w+ PASSED", passed)) == len(PROMISES.findall(_tests(steps)))


def _check(copy: Copy) -> None:
    """What `make check` asks, of the files that the walk touches where it asks file by file.

    The contracts were written a moment ago.
    """
    (migration,) = copy.root.glob("services/registry/src/aksu_registry/migrations/versions/*_adds_hotline.py")
    touched = (FEATURE, TESTS, "services/registry/src/aksu_registry/wiring.py", str(migration))
    copy.run(BIN / "ruff", "format", "--check", *touched)
    copy.run(BIN / "ruff", "check", *touched)
    copy.run(BIN / "mypy", "services/registry/src/aksu_registry")
    copy.run(BIN / "lint-imports", "--no-logo")
    copy.run(BIN / "aksu-local", "migrations", "check")


def _tests(steps: Walk) -> str:
    return next(block.text for block in steps.blocks if block.path.startswith(TESTS))


def test_an_aggregate_touches_few_places_by_hand() -> None:
    steps = walk((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    places = {block.path for block in steps.blocks}
    assert FEATURE + "/routes.py" in places
    assert len(places) <= MOST_PLACES


def test_a_block_without_its_place_and_an_edit_without_its_line_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="where does this belong"):
        walk("\n## An aggregate\n\nThe table.\n\n```python\nx = 1\n```\n")
    (tmp_path / "wiring.py").write_text("a\nb\nb\n", encoding="utf-8")
    for line, said in (("c", "0 lines"), ("b", "2 lines")):
        with pytest.raises(ValueError, match=said):
            follow(Block(path="wiring.py", after=line, text="x\n"), tmp_path)
    with pytest.raises(ValueError, match="there already"):
        follow(Block(path="wiring.py", text="x\n"), tmp_path)
    follow(Block(path="wiring.py", after="a", text="x\n"), tmp_path)
    assert (tmp_path / "wiring.py").read_text(encoding="utf-8") == "a\nx\nb\nb\n"
