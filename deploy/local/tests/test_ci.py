"""Continuous integration tells the truth: it fails when anything failed, and its last lines are the test runner's."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from aksu_local.folder import PROJECT

PASSED: Final = "= 7 passed, 1 warning in 3.21s ="
FAILED: Final = "= 1 failed, 6 passed in 3.21s ="
NONE: Final = "= no tests ran in 0.01s ="
RUNS: Final = {
    "all passed": (0, PASSED, PASSED),
    "first failed": (1, FAILED, PASSED),
    "second failed": (1, PASSED, FAILED),
    "none ran": (5, PASSED, NONE),
}
"""How `make test` ended, and the closing lines of its two runs."""


def _run(
    folder: Path, *, check: int = 0, test: str = "all passed", torture: int = 0
) -> subprocess.CompletedProcess[str]:
    """`.ci/run` in a checkout whose `make` ends with these codes."""
    code, *closing = RUNS[test]
    said = "\n\n".join(closing)
    make = folder / "bin" / "make"
    make.parent.mkdir()
    make.write_text(
        "#!/bin/sh\n"
        f"[ $1 = check ] && {{ echo checked; exit {check}; }}\n"
        f"[ $1 = test ] && {{ echo '{said}'; echo 'make: *** Error' >&2; exit {code}; }}\n"
        f'[ "$*" = "torture TIER=short" ] && {{ echo tortured; exit {torture}; }}\n'
    )
    make.chmod(0o755)
    (folder / ".ci").mkdir()
    shutil.copy(PROJECT / ".ci" / "run", folder / ".ci" / "run")
    return subprocess.run(
        [folder / ".ci" / "run"],
        env={"PATH": f"{make.parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


@pytest.mark.parametrize("ending", RUNS)
def test_the_exit_code_and_the_last_lines_are_the_test_runners(tmp_path: Path, ending: str) -> None:
    result = _run(tmp_path, test=ending)

    code, *closing = RUNS[ending]
    assert result.returncode == code
    assert result.stdout.splitlines()[-2:] == closing


def test_a_promise_broken_under_torture_fails_though_every_test_passed(tmp_path: Path) -> None:
    result = _run(tmp_path, torture=1)

    assert "tortured" in result.stdout
    assert result.returncode == 1
    assert result.stdout.splitlines()[-2:] == [PASSED, PASSED]


def test_a_failed_check_fails_before_any_test_runs(tmp_path: Path) -> None:
    result = _run(tmp_path, check=2)

    assert result.returncode == 2
    assert "passed" not in result.stdout
