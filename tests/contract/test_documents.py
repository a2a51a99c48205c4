"""What documents name is there: a test that was renamed or went would leave a claim without its proof.

So is every file and folder they name in backticks, from the root, from beside the document, or inside a package.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from aksu_local.house import layers

ROOT: Final = Path(__file__).parents[2]
OURS: Final = [path for path in ROOT.glob("docs/**/*.md") if "node_modules" not in path.parts]
SECURITY: Final = ROOT / "docs/security.md"
TEST: Final = re.compile(r"[\w*/.-]*\b(?:test|long)_\w+\.py")
FOLDER: Final = re.compile(r"(?:shared|services|deploy|tests)/[\w*/-]+[\w*](?![\w*./-])")
SPAN: Final = re.compile(r"`([\w.*{},/-]+/[\w.*{},/-]*)`")
FILE: Final = re.compile(r"\.(?:py|toml|md|sql|json|ya?ml|pom|xml|properties|template|mako|ini|xlsx)$|/$")
TOP: Final = re.compile(r"(?:shared|services|deploy|tests|docs|\.ci)/")
PACKAGES: Final = ("shared/src", "shared/src/aksu_shared", "deploy/local/src", "services/*/src", "services/*/src/*")
NOT_IN_THE_TREE: Final = re.compile(r"\.run/|build/|.*/hotlines(?:/|\.py)")
"""What the local platform and `make` write, and the example of CONTRIBUTING.md."""


def documents() -> list[Path]:
    """What people read: pages at the root, in `docs`, and the README of each folder."""
    found = {*ROOT.glob("*.md"), *OURS}
    for folder in ("shared", "services/*", "deploy", "deploy/*", "tests/*", "shared/src/aksu_shared/**"):
        found |= {*ROOT.glob(f"{folder}/README.md")}
    return sorted(found)


def expanded(path: str) -> Iterator[str]:
    """`a/{b,c/d}.py` → `a/b.py`, `a/c/d.py`."""
    before, opened, rest = path.partition("{")
    if not opened:
        yield path
        return
    inside, _, after = rest.partition("}")
    for each in inside.split(","):
        yield from expanded(f"{before}{each}{after}")


def gone(text: str, near: Path) -> Iterator[str]:
    """Paths in backticks that lead nowhere."""
    for span in SPAN.findall(text):
        if span.startswith("/") or not (FILE.search(span) or TOP.match(span)):
            continue  # an address, a media type
        for path in expanded(span):
            bases = (near.parent, ROOT, *(each for package in PACKAGES for each in ROOT.glob(package)))
            if not (NOT_IN_THE_TREE.match(path) or any([*base.glob(path)] for base in bases)):
                yield path


def missing(line: str, near: Path = SECURITY) -> Iterator[str]:
    """Tests that a line names and nobody has; one without its folder lies beside the one before, or with `security`."""
    beside = ROOT / "tests/security"
    for name in TEST.findall(line):
        if "/" in name:
            found = sorted([*ROOT.glob(name), *near.parent.glob(name)])
            beside = found[0].parent if found else beside
        else:
            found = [folder / name for folder in (beside, ROOT / "tests/security") if (folder / name).exists()]
        if not found:
            yield name
    yield from (name for name in FOLDER.findall(line) if not any(ROOT.glob(name)))


@pytest.mark.parametrize("document", sorted({*OURS, *ROOT.glob("services/*/README.md")}), ids=str)
def test_every_test_a_document_names_is_there(document: Path) -> None:
    lines = document.read_text(encoding="utf-8").splitlines()
    assert [name for line in lines for name in missing(line, document)] == []


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_a_document_names_is_there(document: Path) -> None:
    assert [*gone(document.read_text(encoding="utf-8"), document)] == []


def test_a_path_that_is_not_there_is_missed() -> None:
    text = (
        "`db/{work,gone}.py`, `shared/src/`, `application/json`, `services/*/domain/`, `/v1/things/`, `adr/README.md`"
    )
    assert [*gone(text, ROOT / "docs/architecture.md")] == ["db/gone.py", "services/*/domain/"]


def test_the_packages_of_what_is_shared_are_listed_in_the_order_of_their_layers() -> None:
    readme = (ROOT / "shared/README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)/` \|", readme, re.MULTILINE)
    rows = layers("aksu_shared")[::-1]
    at = iter(listed)
    assert [{next(at, "") for _ in row} for row in rows] == [set(row) for row in rows]
    assert [*at] == []


def test_every_requirement_of_the_checklist_has_a_test_or_a_reason() -> None:
    _, _, checklist = SECURITY.read_text(encoding="utf-8").partition("## OWASP ASVS")
    rows = [row.strip("|").split("|") for row in checklist.splitlines() if row.startswith("| V")]
    assert {int(re.findall(r"[0-9]+", row[0])[0]) for row in rows} == set(range(1, 18))
    for row in rows:
        _, requirement, how, proof = (cell.strip() for cell in row)
        assert requirement
        assert proof != "–" or how != "–", row


def test_a_test_that_is_not_there_is_missed() -> None:
    line = "`shared/tests/web/test_app.py`, `test_middleware.py`, `test_gone.py`, `long_canary.py`, `shared/tests/gone`"
    assert list(missing(line)) == ["test_gone.py", "shared/tests/gone"]
