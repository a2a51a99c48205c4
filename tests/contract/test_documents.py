"""What documents name is there: a test that was renamed or went would leave a claim without its proof."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
SECURITY: Final = ROOT / "docs/security.md"
TEST: Final = re.compile(r"[\w*/.-]*\b(?:test|long)_\w+\.py")
FOLDER: Final = re.compile(r"(?:shared|services|deploy|tests)/[\w*/-]+[\w*](?![\w*./-])")


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


@pytest.mark.parametrize("document", sorted({*ROOT.glob("docs/**/*.md"), *ROOT.glob("services/*/README.md")}), ids=str)
def test_every_test_a_document_names_is_there(document: Path) -> None:
    lines = document.read_text(encoding="utf-8").splitlines()
    assert [name for line in lines for name in missing(line, document)] == []


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
